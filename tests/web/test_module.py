"""The JavaScript module in a browser: the same suite, with Chromium's own sockets and timers."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from selenium.webdriver import Chrome

from clients.conformance.client import Player
from clients.conformance.script import play, scenarios
from tools.browser import browser, run_async

LOOK_S = 0.02
SCENARIOS = scenarios()


class InBrowser(Player):
    """Each join opens the player's page anew, at the address of the scripted group."""

    def __init__(self, chrome: Chrome) -> None:
        super().__init__()
        self._chrome = chrome

    async def do(self, order: Mapping[str, Any]) -> None:
        if "join" in order:
            await asyncio.to_thread(self._chrome.get, f"{order['join']['base_url']}/conformance/player.html")
            await self._async_js("if (!window.ready) await new Promise((resolve) => { window.began = resolve; });")
        await self._js("window.orders.push(arguments[0])", order)

    async def listen(self) -> None:
        while True:
            for seen in await self._js("return window.seen?.splice(0)") or ():
                self.heard(seen)
            await asyncio.sleep(LOOK_S)

    async def _async_js(self, body: str) -> None:
        await asyncio.to_thread(run_async, self._chrome, body)

    async def _js(self, script: str, *args: object) -> Any:  # noqa: ANN401 -- whatever the script returns
        return await asyncio.to_thread(self._chrome.execute_script, script, *args)


@pytest.fixture(scope="module")
def chrome(chromium: None) -> Iterator[Chrome]:
    del chromium
    with browser() as opened:
        yield opened


@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_module_goes_along_with_the_script_in_a_browser(chrome: Chrome, name: str) -> None:
    player = InBrowser(chrome)
    listening = asyncio.create_task(player.listen())
    try:
        await play(SCENARIOS[name], player)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
