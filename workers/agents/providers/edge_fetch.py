"""The runtime's fetch as the ports `HttpPost` and `HttpGet`.

Law: translation only; what an answer means is for those who ask.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

import js
from pyodide.ffi import JsException

from agents.providers.http import Answer, Broken
from shared.edge.js import header_items
from shared.edge.peer import js_request


class Fetch:
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AbstractAsyncContextManager[Answer]:
        return _fetched("POST", url, headers, body)

    def get(self, url: str) -> AbstractAsyncContextManager[Answer]:
        return _fetched("GET", url, {}, None)


@asynccontextmanager
async def _fetched(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> AsyncIterator[Answer]:
    abort = js.AbortController.new()
    try:
        response = await js.fetch(js_request(url, method, headers, body, signal=abort.signal, redirect="manual"))
        async with aclosing(chunks_of(response.body)) as chunks:
            yield Answer(response.status, dict(header_items(response.headers)), chunks)
    except JsException as exc:
        raise Broken(str(exc)) from exc
    finally:
        abort.abort()


async def chunks_of(body: Any) -> AsyncGenerator[bytes]:
    """The pieces of a ReadableStream, as they come in; who stops reading lets go of the rest."""
    if not body:
        return
    reader = body.getReader()
    try:
        while not (piece := await reader.read()).done:
            yield piece.value.to_bytes()
    except (GeneratorExit, asyncio.CancelledError):
        reader.cancel()
        raise
