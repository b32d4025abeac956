"""A headless Chromium that is steered from Python, for the browser tests and the screenshots."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tools.console import ToolError

DESKTOP = (1280, 800)
PHONE = (390, 844)
_PROGRAMS = (("CHROMIUM", ("chromium", "chromium-browser", "google-chrome")), ("CHROMEDRIVER", ("chromedriver",)))


def missing_program() -> str | None:
    """What is not there to run a browser with; None when all is."""
    for variable, names in _PROGRAMS:
        if _found(variable, names) is None:
            return f"no {names[0]} on PATH (Debian: `apt install chromium chromium-driver`; or set {variable})"
    return None


def _found(variable: str, names: tuple[str, ...]) -> str | None:
    return shutil.which(os.environ.get(variable, "")) or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def browser(size: tuple[int, int] = DESKTOP, *, dark: bool = False, mobile: bool = False) -> Iterator[Chrome]:
    """A browser of its own, with nothing remembered. Raises ToolError when there is no Chromium."""
    program, driver = (_found(*row) for row in _PROGRAMS)
    if program is None or driver is None:
        raise ToolError(f"A browser is needed: {missing_program()}.")
    options = ChromeOptions()
    options.binary_location = program
    # The sandbox needs privileges that containers lack; only our own page is opened.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-GB"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # A named driver keeps Selenium from looking for one on the internet.
    chrome = Chrome(options=options, service=Service(driver))
    try:
        look_through(chrome, size, dark=dark, mobile=mobile)
        yield chrome
    finally:
        chrome.quit()


def look_through(
    chrome: Chrome, size: tuple[int, int], *, dark: bool = False, mobile: bool = False, still: bool = False
) -> None:
    """The screen and the wishes of whoever looks; `still`: nothing is to move."""
    width, height = size
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wear(chrome, dark=dark, still=still)


def wear(chrome: Chrome, *, dark: bool, still: bool) -> None:
    """The colours that whoever looks has chosen, and whether anything may move."""
    wishes = {"prefers-color-scheme": dark and "dark", "prefers-reduced-motion": still and "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items() if value]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def run_async(chrome: Chrome, body: str, *args: object) -> Any:  # noqa: ANN401 -- whatever the script returns
    """Runs the body of an async function in the page and returns what it returns."""
    script = f"""
        const done = arguments[arguments.length - 1];
        const args = {json.dumps(args)};
        const failed = (error) => done({{ error: String(error.stack) }});
        (async () => {{ {body} }})().then((value) => done({{ value }}), failed);
    """
    answer = chrome.execute_async_script(script)
    if "error" in answer:
        raise ToolError(answer["error"])
    return answer.get("value")
