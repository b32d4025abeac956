"""What one HTTP request costs on the border. The number is a promise; it may only go down."""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.durable_objects.border import Border, install

CROSSINGS = 21
BODY = b'{"text":"hello"}'
HEADERS = {"content-type": "application/json", "content-length": str(len(BODY)), "authorization": "Bearer prl_x"}
ANSWER = [(b"content-type", b"application/json"), (b"content-length", b"2"), (b"cache-control", b"no-store")]
EDGE = ("shared.edge.js", "shared.edge.asgi")


class Exchange:
    """The adapter on a counted border, with one request on its way."""

    def __init__(self, border: Border, monkeypatch: pytest.MonkeyPatch) -> None:
        self.border = border
        install(border, monkeypatch)
        self.answered: list[tuple[Any, Any]] = []
        self.asked: list[Any] = []
        js: ModuleType = sys.modules["js"]
        thing = border.thing
        members = {
            "Array": thing(from_=lambda headers: thing(to_py=lambda: list(headers.items()))),
            "Object": thing(fromEntries=None),
            "Promise": thing(withResolvers=self._promise),
            "Response": thing(new=lambda body, options: self.answered.append((body, options))),
        }
        vars(js).update(members)
        for name in EDGE:
            monkeypatch.delitem(sys.modules, name, raising=False)
        self._serve = importlib.import_module("shared.edge.asgi").serve

    def _promise(self) -> Any:  # noqa: ANN401 -- a JavaScript object
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self.border.thing(promise=future, resolve=future.set_result, reject=future.set_exception)

    async def run(self, url: str, method: str, headers: dict[str, str], body: bytes) -> None:
        async def read() -> Any:  # noqa: ANN401 -- a JavaScript object
            return self.border.thing(to_bytes=lambda: body)

        request = self.border.thing(url=url, method=method, headers=headers, body=body or None, arrayBuffer=read)
        tasks: list[asyncio.Future[None]] = []

        def wait_until(work: Awaitable[None]) -> None:
            tasks.append(asyncio.ensure_future(work))

        self.border.crossings = 0
        answering = asyncio.ensure_future(self._serve(self._app, request, wait_until))
        await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        await answering

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 -- ASGI
        self.asked = [scope, await receive()]
        await send({"type": "http.response.start", "status": 200, "headers": ANSWER})
        await send({"type": "http.response.body", "body": b"{}"})


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    border = Border()
    yield Exchange(border, monkeypatch)
    border.database.close()
    for name in EDGE:
        del sys.modules[name]


async def test_a_request_crosses_the_border_so_often(exchange: Exchange) -> None:
    await exchange.run("http://127.0.0.1:8787/groups/grp_1/token?a=b%20c&d", "POST", HEADERS, BODY)
    assert exchange.border.crossings <= CROSSINGS


async def test_what_a_request_says_arrives_as_it_was_said(exchange: Exchange) -> None:
    await exchange.run("http://127.0.0.1:8787/gr%C3%B6sse//x;y?a=b%20c&d", "POST", HEADERS, BODY)
    scope, message = exchange.asked
    assert (scope["path"], scope["raw_path"]) == ("/grösse//x;y", b"/gr%C3%B6sse//x;y")
    assert (scope["query_string"], scope["scheme"]) == (b"a=b%20c&d", "http")
    assert scope["server"] == ("127.0.0.1", 8787)
    assert (b"content-type", b"application/json") in scope["headers"]
    assert message == {"type": "http.request", "body": BODY, "more_body": False}


async def test_all_headers_of_an_answer_go_out(exchange: Exchange) -> None:
    await exchange.run("http://127.0.0.1/x", "GET", {}, b"")
    ((_, options),) = exchange.answered
    assert options == {
        "status": 200,
        "headers": [("content-type", "application/json"), ("content-length", "2"), ("cache-control", "no-store")],
    }


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}], ids=["not announced", "announced as empty"])
async def test_a_body_that_is_not_there_is_not_waited_for(exchange: Exchange, headers: dict[str, str]) -> None:
    await exchange.run("http://127.0.0.1/x", "POST", headers, b"")
    assert exchange.asked[1] == {"type": "http.request", "body": b"", "more_body": False}
    assert exchange.border.crossings < CROSSINGS
