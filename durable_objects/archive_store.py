"""The `ArchiveStore` port over R2: one put when small, multipart when large, never the whole in memory.

Law: bytes in, bytes out; what an archive is and whether it is whole is `archive`'s to say.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from pyodide.ffi import JsException, to_js

from shared.edge.js import js_object
from shared.edge.r2 import chunks_of
from shared.errors import Unavailable

PART_BYTES: Final = 8 * 1024 * 1024


class R2ArchiveStore:
    def __init__(self, bucket: Any) -> None:
        self._bucket = bucket

    async def write(self, key: str, chunks: Iterator[bytes], content_type: str) -> None:
        options = js_object({"httpMetadata": {"contentType": content_type}})
        parts = _parts(chunks)
        first = next(parts)
        second = next(parts, None)
        try:
            if second is None:
                await self._bucket.put(key, to_js(first), options)
            else:
                await self._write_parts(key, options, first, second, parts)
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc

    async def _write_parts(self, key: str, options: Any, first: bytes, second: bytes, rest: Iterator[bytes]) -> None:
        upload = await self._bucket.createMultipartUpload(key, options)
        try:
            done = [await upload.uploadPart(1, to_js(first)), await upload.uploadPart(2, to_js(second))]
            for number, part in enumerate(rest, 3):
                done.append(await upload.uploadPart(number, to_js(part)))
            await upload.complete(to_js(done))
        except JsException:
            await upload.abort()
            raise

    async def read(self, key: str) -> AsyncIterator[bytes]:
        try:
            found = await self._bucket.get(key)
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc
        body = getattr(found, "body", None)
        if body is None:
            raise Unavailable(reason="the object that was just written is not there")
        async for chunk in chunks_of(body):
            yield chunk


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks joined into parts of PART_BYTES; R2 wants all parts but the last of one size."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART_BYTES:
            yield bytes(gathered[:PART_BYTES])
            del gathered[:PART_BYTES]
    yield bytes(gathered)
