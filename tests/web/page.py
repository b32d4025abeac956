"""The page as its user knows it: what is written there, and what one does."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tools.browser import run_async, wear

WAIT_S = 60
T = TypeVar("T")
_MESSAGES = """
    return [...document.querySelectorAll(".timeline .message[data-seq]")].map((row) => ({
        seq: Number(row.dataset.seq), by: row.getAttribute("aria-label").split(",")[0],
        text: (row.querySelector(".rich") ?? row.querySelector(".gone")).textContent,
    }));
"""

_SAY_MUCH = """
    const { Api, Group } = await import('/parley/parley.js');
    const group = new Group({ api: new Api({ baseUrl: location.origin, token: args[0] }), groupId: args[1] });
    group.connect();
    await Promise.all(Array.from({ length: 500 }, (_, number) => group.send(`filler ${number}`)));
    group.close();
"""


@dataclass(frozen=True)
class Shown:
    """A message on the page."""

    seq: int
    by: str
    text: str


class Page:
    def __init__(self, chrome: Chrome, base_url: str) -> None:
        self.chrome = chrome
        self.base_url = base_url

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def until(self, holds: Callable[["Page"], object]) -> None:
        ignored = [StaleElementReferenceException]
        WebDriverWait(self.chrome, WAIT_S, 0.05, ignored_exceptions=ignored).until(lambda _: holds(self))

    def all(self, css: str) -> list[WebElement]:
        return self.chrome.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        self.until(lambda _: self.all(css))
        return self.all(css)[0]

    def text(self, css: str) -> str:
        return self._at_first(css, lambda element: str(element.text))

    def _at_first(self, css: str, act: Callable[[WebElement], T]) -> T:
        """Again, should the page draw itself anew between finding an element and doing something with it."""
        done: list[T] = []

        def tried(page: "Page") -> object:
            done.extend(act(element) for element in page.all(css)[:1])
            return done

        self.until(tried)
        return done[0]

    def js(self, script: str) -> Any:  # noqa: ANN401 -- whatever the script returns
        return self.chrome.execute_script(script)

    def messages(self) -> list[Shown]:
        return [Shown(**found) for found in self.js(_MESSAGES)]

    def in_step_with(self, other: "Page") -> list[Shown]:
        """What both show, once they show the same: each browser hears of a change in its own time."""
        with suppress(TimeoutException):  # the comparison below says what differs
            self.until(lambda _: self.messages() == other.messages())
        seen = self.messages()
        assert seen == other.messages()
        return seen

    def console_errors(self) -> list[str]:
        entries: list[dict[str, str]] = self.chrome.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    # ── doing ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def sign_in(self, token: str) -> None:
        self.chrome.get(self.base_url)
        self.one("input[name=token]").send_keys(token, Keys.ENTER)
        self.one(".sidebar footer")

    def open_group(self, group_id: str) -> None:
        self.chrome.execute_script("location.hash = arguments[0]", f"#/groups/{group_id}")
        self.until(lambda _: self.all(".composer textarea:enabled, .over, .nowhere h2"))
        self.until(lambda _: self.all(".timeline .message[data-seq]") or not self.all(".timeline > [role=status]"))

    def write(self, text: str) -> None:
        self.one(".composer textarea:enabled").send_keys(text, Keys.ESCAPE, Keys.ENTER)

    def say(self, text: str) -> None:
        """Writes, and waits until the group has it."""
        self.write(text)
        self.until(lambda _: not self.all(".pending"))

    def click(self, css: str) -> None:
        self._at_first(css, WebElement.click)

    def point_at(self, css: str) -> None:
        """The focus, which shows what one can do there."""
        self.js(f"document.querySelector({css!r}).focus()")

    def press(self, *keys: str) -> None:
        """Whatever has the focus hears it."""
        self.chrome.switch_to.active_element.send_keys(*keys)

    def fill(self, css: str, text: str) -> None:
        """In place of what stands there."""
        self.one(css).send_keys(Keys.CONTROL, "a")
        self.one(css).send_keys(text)

    def say_much(self, token: str, group_id: str) -> None:
        """More than a page loads when it opens a group, over a socket of its own.

        Said on the page of somebody who is not there: a page that is would have it all as it came.
        """
        run_async(self.chrome, _SAY_MUCH, token, group_id)

    def darken(self, *, is_dark: bool) -> None:
        """As its user's system goes dark in the evening, and light again. Nothing moves meanwhile."""
        wear(self.chrome, dark=is_dark, still=True)
        assert self.js("return matchMedia('(prefers-color-scheme: dark)').matches") is is_dark

    def cut_line(self, *, cut: bool) -> None:
        network = {"offline": cut, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.chrome.execute_cdp_cmd("Network.emulateNetworkConditions", network)
