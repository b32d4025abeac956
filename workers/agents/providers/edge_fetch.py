"""The runtime's fetch as the port `HttpPost`.

Law: translation only; what an answer means is `openai_compatible`'s.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import js
from pyodide.ffi import JsException

from agents.providers.http import Answer, Broken
from shared.edge.peer import js_request


class Fetch:
    @asynccontextmanager
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AsyncIterator[Answer]:
        abort = js.AbortController.new()
        try:
            request = js_request(url, "POST", headers, body, signal=abort.signal, redirect="manual")
            response = await js.fetch(request)
            retry_after = response.headers.get("retry-after")
            async with aclosing(_chunks(response.body)) as chunks:
                yield Answer(response.status, retry_after if isinstance(retry_after, str) else None, chunks)
        except JsException as exc:
            raise Broken(str(exc)) from exc
        finally:
            abort.abort()


async def _chunks(body: Any) -> AsyncGenerator[bytes]:
    if not body:
        return
    reader = body.getReader()
    while not (piece := await reader.read()).done:
        yield piece.value.to_bytes()
