"""Browsers in front of the running stack. Without a Chromium these tests are skipped, on CI they fail."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.deployment import Team
from tests.web.page import Page
from tools.browser import DESKTOP, browser, missing_program

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session", autouse=True)
def chromium() -> None:
    missing = missing_program()
    if missing is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"The browser tests must run on CI: {missing}")
    pytest.skip(f"The browser tests need Chromium: {missing}")


@pytest.fixture
def open_page(chromium: None, team: Team) -> Iterator[OpenPage]:
    """Opens the page in a browser of its own, signed in: `open_page("ada", group_id)`."""
    del chromium
    with ExitStack() as windows:

        def open_one(name: str, group_id: str | None = None, *, size: tuple[int, int] = DESKTOP) -> Page:
            chrome = windows.enter_context(browser(size))
            # Before any socket is opened: Chromium cuts only those that it has watched from the start.
            chrome.execute_cdp_cmd("Network.enable", {})
            page = Page(chrome, team.deployment.origin("app"))
            page.sign_in(team.bearers[name])
            if group_id is not None:
                page.open_group(group_id)
            return page

        yield open_one
