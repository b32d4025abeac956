"""The page that shows the API: everything on it is this deployment's own, and it runs under a strict policy."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from app.routes import endpoints
from tests.e2e.deployment import Deployment
from tests.web.conftest import IdleBrowsers
from tools.browser import DESKTOP, look_through

PATIENCE_S = 60


@pytest.fixture
def chrome(idle_browsers: IdleBrowsers, deployment: Deployment) -> Iterator[Chrome]:
    chrome = idle_browsers.take()
    look_through(chrome, DESKTOP)
    yield chrome
    idle_browsers.give_back(chrome, deployment.origin("app"))


def test_every_call_is_shown_and_nobody_else_is_asked(chrome: Chrome, deployment: Deployment) -> None:
    origin = deployment.origin("app")
    chrome.get(f"{origin}/docs")
    WebDriverWait(chrome, PATIENCE_S).until(lambda page: page.find_elements(By.CSS_SELECTOR, ".opblock"))
    shown = {
        (block.find_element(By.CSS_SELECTOR, ".opblock-summary-method").text, path.get_attribute("data-path"))
        for block in chrome.find_elements(By.CSS_SELECTOR, ".opblock")
        for path in block.find_elements(By.CSS_SELECTOR, "[data-path]")
    }
    assert {(row.method, row.path) for row in endpoints.rows} <= shown
    loaded = chrome.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded
    assert [url for url in loaded if not url.startswith((origin, "data:"))] == []
    entries = chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry for entry in entries if entry["level"] == "SEVERE"] == []


def test_a_call_is_tried_out_on_this_deployment(chrome: Chrome, deployment: Deployment) -> None:
    chrome.get(f"{deployment.origin('app')}/docs/#/health/version")
    wait = WebDriverWait(chrome, PATIENCE_S)
    for button in (".try-out__btn", ".execute"):
        wait.until(lambda page, css=button: page.find_elements(By.CSS_SELECTOR, css))[0].click()  # type: ignore[misc]
    answer = wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".live-responses-table .microlight"))
    assert '"name": "parley"' in answer[0].text


def test_the_documents_are_served_under_their_names(deployment: Deployment) -> None:
    for name, key in (("openapi.json", "openapi"), ("asyncapi.json", "asyncapi")):
        answer = deployment.request("GET", f"{deployment.origin('app')}/{name}")
        assert key in answer.json()
        assert answer.headers["content-type"].startswith("application/json")


def test_the_pages_policy_lets_no_string_run_and_no_other_host_in(deployment: Deployment) -> None:
    policies = {}
    for path in ("/", "/docs/", "/docs/docs.js"):
        answer = deployment.request("GET", deployment.origin("app") + path)
        assert answer.status_code == 200, path
        policies[path] = answer.headers.get_list("content-security-policy")
    assert "require-trusted-types-for" in policies["/"][0]
    (policy,) = policies["/docs/"]
    assert "script-src 'self';" in policy
    assert not any(word in policy for word in ("unsafe", "http:", "https:", "*"))
    assert policies["/docs/docs.js"] == [policy]
