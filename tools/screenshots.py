"""Makes docs/screenshots/ anew: `python -m tools screenshots`.

It plays a conversation on a stack of its own, looks at it with Chromium and writes one PNG a view.
"""

import json
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from app.auth import token_digest
from tests.e2e.scripted import models
from tools.browser import PHONE, browser, run_async
from tools.console import ToolError, fail, out
from tools.local import local_keys, overrides, register_app_key
from tools.seed import demo_file, seed_directory, seed_groups, seed_plan
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
WAIT_S = 30
PNG_HEAD = b"\x89PNG\r\n\x1a\n"

TALK = (
    ("Ada", "Launch is on **Thursday**. Three things are open: the price page, the status page, and who answers mail."),
    ("Grace", "The price page is done, two plans and no footnotes. I'll publish it on Wednesday evening."),
    ("Linus", "Status page: we could host it ourselves, or take the one that comes with the monitoring. Which?"),
    ("Ada", "Let's take the one that comes with the monitoring. One thing less to keep alive."),
    ("Linus", "Fine. Set up like this:\n```\nprobe  /healthz  every 30s\nalert  after 2 misses\n```"),
    ("Grace", "Who answers mail on Thursday night?"),
    ("Linus", "I'll take Thursday if somebody else has Friday."),
)

# Others in the room: sockets of their own in the page of the one who looks.
COMPANY = """
    const { Api, Group } = await import('/parley/parley.js');
    window.company = {};
    for (const { name, token } of args[0]) {
      const group = new Group({ api: new Api({ baseUrl: location.origin, token }), groupId: args[1] });
      window.company[name] = group;
      group.connect();
      await new Promise((go) => group.addEventListener('link', ({ detail }) => detail.name === 'online' && go()));
    }
"""
SAY = "await window.company[args[0]].send(args[1], args[2] ? { reply_to: args[2] } : {});"
SEQ = "return window.company.Ada.state.messages.find(({ text }) => text.includes(args[0])).seq;"
REACT = "await window.company[args[0]].react(args[1], args[2]);"
SHOP = "prices.test"
RESEARCHER = {
    "handle": "researcher",
    "name": "Researcher",
    "provider": "script",
    "model": f'use:fetch_url {{"url": "https://{SHOP}/status-pages?sort=price"}}',
    "tools": ["fetch_url"],
}
HIRE = """
    const { Api } = await import('/parley/parley.js');
    const api = new Api({ baseUrl: location.origin, token: args[0] });
    const agent = await api.post('/agents', args[2]);
    await api.post(`/groups/${args[1]}/agents`, { agent_id: agent.id });
"""
READ = "const group = window.company[args[0]]; await group.read(group.state.messages.at(-1).seq);"


@contextmanager
def demo_stack() -> Iterator[dict[str, Any]]:
    """A seeded deployment that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="parley-screens-") as folder, models() as (_, models_url):
        keys, plan, ports = local_keys(Path(folder)), seed_plan(Path(folder)), Ports(0, 0, 0).resolve()
        people = json.dumps([{"name": user["name"], "token": user["token"]} for user in plan["users"]])
        told = overrides(keys, ports, people)
        # An agent with a script, for what needs a language model otherwise.
        providers = json.dumps([{"name": "script", "base_url": models_url}])
        told["agents"] |= {"PROVIDERS": providers, "FETCH_ALLOWED_HOSTS": SHOP, "ASK_FIRST": "fetch_url"}
        with Stack.start(root=ROOT, ports=ports, state_dir=None, overrides=told) as stack:
            stack.migrate()
            register_app_key(stack, keys)
            seed_directory(stack, plan, token_digest)
            yield demo_file(stack.origins, plan, seed_groups(stack.origins["app"], plan), keys)


class Screen:
    """One browser window and what one does in it."""

    def __init__(self, chrome: Chrome, base_url: str) -> None:
        self.chrome = chrome
        self.base_url = base_url

    def until(self, found: Callable[[Chrome], object]) -> None:
        WebDriverWait(self.chrome, WAIT_S, poll_frequency=0.02).until(found)

    def see(self, css: str) -> None:
        self.until(lambda chrome: chrome.find_elements(By.CSS_SELECTOR, css))

    def click(self, css: str) -> None:
        self.see(css)
        self.chrome.find_element(By.CSS_SELECTOR, css).click()

    def sign_in(self, name: str) -> None:
        self.chrome.get(self.base_url)
        self.see(".choice")
        next(b for b in self.chrome.find_elements(By.CSS_SELECTOR, ".choice") if name in b.text).click()
        self.see(".sidebar .row")

    def enter(self, title: str) -> None:
        self.until(lambda chrome: any(title in row.text for row in chrome.find_elements(By.CSS_SELECTOR, ".row")))
        next(row for row in self.chrome.find_elements(By.CSS_SELECTOR, ".row") if title in row.text).click()
        self.see(".composer textarea:enabled, .over")

    def run(self, body: str, *args: object) -> Any:  # noqa: ANN401 -- whatever the script returns
        return run_async(self.chrome, body, *args)

    def shoot(self, name: str, *, settle_s: float = 0.4) -> None:
        """`settle_s` lets transitions end; a picture of something that moves wants 0."""
        time.sleep(settle_s)
        TARGET.mkdir(parents=True, exist_ok=True)
        path = TARGET / f"{name}.png"
        path.write_bytes(packed(self.chrome.get_screenshot_as_png()))
        out.print(f"  {path.relative_to(ROOT)}  {path.stat().st_size // 1024} KB")


def packed(png: bytes) -> bytes:
    """The same picture in fewer bytes: Chromium packs in a hurry."""
    chunks: list[tuple[bytes, bytes]] = []
    at = len(PNG_HEAD)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += size + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    kept = [(b"IHDR", chunks[0][1]), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    framed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in kept
    )
    return PNG_HEAD + b"".join(framed)


def converse(screen: Screen, demo: dict[str, Any], group_id: str) -> None:
    screen.run(COMPANY, demo["users"], group_id)
    for name, text in TALK:
        screen.run(SAY, name, text, None)
    question = screen.run(SEQ, "Which?")
    screen.run(SAY, "Grace", "The one we have already, please.", question)
    screen.run(REACT, "Grace", screen.run(SEQ, "One thing less"), "👍")
    screen.run(REACT, "Linus", screen.run(SEQ, "One thing less"), "👍")
    screen.run(REACT, "Ada", screen.run(SEQ, "no footnotes"), "🎉")


def desktop(demo: dict[str, Any], group_id: str) -> None:
    with browser() as chrome:
        screen = Screen(chrome, demo["base_url"])
        chrome.get(demo["base_url"])
        screen.see(".choice")
        screen.shoot("sign-in")
        screen.sign_in("Ada")
        screen.enter("Town square")
        screen.see(".welcome")
        screen.shoot("empty")
        screen.enter("Product launch")
        converse(screen, demo, group_id)
        box = chrome.find_element(By.CSS_SELECTOR, ".composer textarea")
        box.send_keys("@")
        screen.see(".completion")
        screen.shoot("mention")
        box.send_keys("scribe", Keys.ESCAPE, " please sum up", Keys.ENTER)
        screen.until(lambda c: any(len(e.text) > 120 for e in c.find_elements(By.CSS_SELECTOR, ".live .rich")))
        screen.shoot("streaming", settle_s=0)
        screen.see(".of-agent:not(.live)")
        for name in ("Grace", "Linus"):
            screen.run(READ, name)
        screen.run("window.company.Grace.typing(true)")
        screen.see(".typing span")
        screen.shoot("conversation")
        beside(screen, demo, group_id)


def beside(screen: Screen, demo: dict[str, Any], group_id: str) -> None:
    """What stands beside the conversation, and the dialogs."""
    screen.click(".replies")
    screen.see(".thread .message")
    screen.shoot("thread")
    screen.click("[aria-label='Search this group']")
    screen.chrome.find_element(By.CSS_SELECTOR, ".searching input").send_keys("page")
    screen.see(".hit")
    screen.shoot("search")
    screen.click(".faces")
    screen.click(".deeds button")
    screen.see("dialog form")
    screen.shoot("settings")
    screen.click("dialog header button")
    screen.click(".sidebar [aria-label=Agents]")
    screen.see(".agent-list li")
    screen.shoot("agents")
    screen.click("dialog header button")
    screen.click(".sidebar [aria-label='New group']")
    screen.see("dialog .pick")
    screen.shoot("new-group")
    screen.click("dialog header button")
    screen.run(HIRE, demo["users"][0]["token"], group_id, RESEARCHER)
    screen.run(SAY, "Linus", "@researcher what do status pages cost?", None)
    screen.click(".to-end")
    screen.see(".approval")
    screen.shoot("approval")


def others(demo: dict[str, Any]) -> None:
    with browser(dark=True) as chrome:
        screen = Screen(chrome, demo["base_url"])
        screen.sign_in("Grace")
        screen.enter("Product launch")
        screen.see(".approval")
        screen.shoot("dark")
    with browser(PHONE, mobile=True) as chrome:
        screen = Screen(chrome, demo["base_url"])
        screen.sign_in("Linus")
        screen.until(lambda c: "Researcher" in c.find_element(By.CSS_SELECTOR, "nav").text)
        screen.shoot("phone-groups")
        screen.enter("Product launch")
        screen.see(".approval")
        screen.shoot("phone")
        screen.click(".faces")
        screen.see(".panel li")
        screen.shoot("phone-people")


def ending(demo: dict[str, Any]) -> None:
    with browser() as chrome:
        screen = Screen(chrome, demo["base_url"])
        # Before any socket is opened: Chromium cuts only those that it has watched from the start.
        chrome.execute_cdp_cmd("Network.enable", {})
        screen.sign_in("Ada")
        screen.enter("Product launch")
        gone = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", gone)
        screen.see(".line")
        box = chrome.find_element(By.CSS_SELECTOR, ".composer textarea")
        box.send_keys("Train goes into a tunnel; this will arrive.", Keys.ENTER)
        screen.see(".pending")
        screen.shoot("offline")
        chrome.execute_cdp_cmd("Network.emulateNetworkConditions", gone | {"offline": False})
        screen.until(lambda c: not c.find_elements(By.CSS_SELECTOR, ".pending, .line"))
        screen.click(".approval .primary + button")
        screen.until(lambda c: not c.find_elements(By.CSS_SELECTOR, ".live"))
        screen.click(".deeds .danger")
        chrome.find_element(By.CSS_SELECTOR, "dialog input").send_keys("The launch is done")
        screen.shoot("archive-dialog")
        screen.click("dialog .primary")
        screen.see(".over")
        screen.see(".message")
        screen.shoot("archived")
        screen.click(".over button")
        screen.click("dialog .primary")
        screen.see(".verdict")
        screen.shoot("verified")


def main() -> None:
    try:
        with demo_stack() as demo:
            group_id = next(group["id"] for group in demo["groups"] if group["title"] == "Product launch")
            desktop(demo, group_id)
            others(demo)
            ending(demo)
    except ToolError as error:
        fail(str(error))
