"""The `Bucket` port over R2."""

from collections.abc import AsyncIterator
from typing import Any

from pyodide.ffi import JsException

from shared.errors import Unavailable


async def chunks_of(stream: Any) -> AsyncIterator[bytes]:
    """The bytes of a JavaScript ReadableStream. Raises Unavailable when it breaks."""
    reader = stream.getReader()
    try:
        while not (piece := await reader.read()).done:
            yield piece.value.to_bytes()
    except JsException as exc:
        raise Unavailable(reason=f"stream: {exc}") from exc


class R2Bucket:
    def __init__(self, binding: Any) -> None:
        self._raw = binding

    async def has(self, key: str) -> bool:
        """Raises Unavailable."""
        try:
            return bool(await self._raw.head(key))
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc

    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        try:
            found = await self._raw.get(key)
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc
        body = getattr(found, "body", None)
        return None if body is None else chunks_of(body)
