"""One document at one fixed address, read whole: bounded in size and time, and never led elsewhere."""

from typing import Any, Final

import js
from pyodide.ffi import JsException

from shared.edge.js import js_object
from shared.errors import Unavailable

LIMIT_BYTES: Final = 64 * 1024
TIMEOUT_MS: Final = 5_000
_OK: Final = 200


class Document:
    def __init__(self, url: str) -> None:
        self._url = url

    async def read(self) -> bytes:
        """Raises Unavailable."""
        # A redirect is an answer that is not 200, and is not followed.
        options = js_object({"redirect": "manual", "headers": {"Accept": "application/json"}})
        options.signal = js.AbortSignal.timeout(TIMEOUT_MS)
        try:
            response = await js.fetch(self._url, options)
            if response.status != _OK:
                raise Unavailable(reason=f"{self._url} answered {response.status}")
            return await _within(response.body)
        except JsException as exc:
            raise Unavailable(reason=f"{self._url}: {exc}") from exc


async def _within(body: Any) -> bytes:
    content, reader = bytearray(), body.getReader()
    while not (piece := await reader.read()).done:
        content += piece.value.to_bytes()
        if len(content) > LIMIT_BYTES:
            await reader.cancel()
            raise Unavailable(reason="the document is too large")
    return bytes(content)
