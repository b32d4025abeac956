"""Browsers in front of the running stack. Without a Chromium these tests are skipped, on CI they fail."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from selenium.webdriver import Chrome

from tests.e2e.deployment import Team
from tests.web.page import Page
from tools.browser import DESKTOP, PHONE, browser, look_through, missing_program

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class IdleBrowsers:
    """Starting a browser takes longer than most tests: one that was given back has forgotten all and is used again."""

    windows: ExitStack
    idle: list[Chrome]

    def take(self) -> Chrome:
        if self.idle:
            return self.idle.pop()
        chrome = self.windows.enter_context(browser())
        # Before any socket is opened: Chromium cuts only those that it has watched from the start.
        chrome.execute_cdp_cmd("Network.enable", {})
        return chrome

    def give_back(self, chrome: Chrome, base_url: str) -> None:
        Page(chrome, base_url).cut_line(cut=False)
        chrome.execute_script("sessionStorage.clear(); localStorage.clear()")
        chrome.get("about:blank")
        chrome.execute_cdp_cmd("Page.resetNavigationHistory", {})
        chrome.get_log("browser")  # type: ignore[no-untyped-call]
        self.idle.append(chrome)


@pytest.fixture(scope="session", autouse=True)
def chromium() -> None:
    missing = missing_program()
    if missing is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"The browser tests must run on CI: {missing}")
    pytest.skip(f"The browser tests need Chromium: {missing}")


@pytest.fixture(scope="session")
def idle_browsers(chromium: None) -> Iterator[IdleBrowsers]:
    del chromium
    with ExitStack() as windows:
        yield IdleBrowsers(windows, [])


@pytest.fixture
def open_page(idle_browsers: IdleBrowsers, team: Team) -> Iterator[OpenPage]:
    """Opens the page in a browser of its own, signed in: `open_page("ada", group_id)`. Nothing moves in it."""
    base_url = team.deployment.origin("app")
    taken: list[Chrome] = []

    def open_one(name: str, group_id: str | None = None, *, phone: bool = False) -> Page:
        chrome = idle_browsers.take()
        taken.append(chrome)
        look_through(chrome, PHONE if phone else DESKTOP, mobile=phone, still=True)
        page = Page(chrome, base_url)
        page.sign_in(team.bearers[name])
        if group_id is not None:
            page.open_group(group_id)
        return page

    yield open_one
    for chrome in taken:
        idle_browsers.give_back(chrome, base_url)
