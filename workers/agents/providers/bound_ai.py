"""The Workers AI binding as the port `HttpPost`, so that its models are asked like any others.

Law: translation only.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import js
from pyodide.ffi import JsException

from agents.providers.edge_fetch import chunks_of
from agents.providers.http import Answer, Broken
from agents.providers.workers_ai import ai_input, status_of


class BoundAi:
    def __init__(self, binding: Any) -> None:
        self._raw = binding

    @asynccontextmanager
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AsyncIterator[Answer]:
        """Where and with which key is the binding's own business."""
        del url, headers
        model, asked = ai_input(body)
        try:
            stream = await self._raw.run(model, js.JSON.parse(asked))
        except JsException as exc:
            yield Answer(status_of(str(exc)), {}, _nothing())
            return
        try:
            async with aclosing(chunks_of(stream)) as chunks:
                yield Answer(200, {}, chunks)
        except JsException as exc:
            raise Broken(str(exc)) from exc


async def _nothing() -> AsyncGenerator[bytes]:
    return
    yield b""
