"""The `ArchiveStore` port over R2: one put when small, multipart when large, never the whole in memory.

Law: bytes in, bytes out; what an archive is and whether it is whole is `archive`'s to say. An upload that was begun is
noted before its first part, so that whoever comes after a crash aborts it. Between chunks others have their turn.
"""

import json
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any, Final, Protocol

import js
from pyodide.ffi import JsException, to_js

from shared.edge.js import js_object
from shared.edge.r2 import chunks_of
from shared.errors import Unavailable

PART_BYTES: Final = 5 * 1024 * 1024
"""The least that R2 takes for a part that is not the last: three copies of one are in memory at a time."""
_NOTE: Final = "upload"
_NO_SUCH_UPLOAD: Final = "(10024)"
"""R2 says in the message, and nowhere else, that an upload was completed, aborted or given up long ago."""


class Notes(Protocol):
    """A few words that outlive the instance; the journal's meta."""

    def facts(self) -> dict[str, str]: ...

    def keep(self, key: str, value: str) -> None: ...

    def forget(self, key: str) -> None: ...


class R2ArchiveStore:
    def __init__(self, bucket: Any, notes: Notes) -> None:
        self._bucket = bucket
        self._notes = notes

    async def write(self, key: str, chunks: Iterator[bytes], content_type: str) -> None:
        options = js_object({"httpMetadata": {"contentType": content_type}})
        try:
            await self._abort_noted()
            parts = _parts(chunks)
            first = await anext(parts)
            if len(first) < PART_BYTES:
                await self._bucket.put(key, to_js(first), options)
            else:
                await self._write_parts(key, options, first, parts)
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc

    async def _write_parts(self, key: str, options: Any, first: bytes, rest: AsyncIterator[bytes]) -> None:
        upload = await self._bucket.createMultipartUpload(key, options)
        self._notes.keep(_NOTE, json.dumps({"key": key, "id": upload.uploadId}))
        done = [await upload.uploadPart(1, to_js(first))]
        async for part in rest:
            if part:
                done.append(await upload.uploadPart(len(done) + 1, to_js(part)))
        await upload.complete(to_js(done))
        self._notes.forget(_NOTE)

    async def _abort_noted(self) -> None:
        """An attempt before this one may have left its parts behind."""
        noted = self._notes.facts().get(_NOTE)
        if noted is not None:
            upload = json.loads(noted)
            try:
                await self._bucket.resumeMultipartUpload(upload["key"], upload["id"]).abort()
            except JsException as exc:
                if _NO_SUCH_UPLOAD not in str(exc):
                    raise
            self._notes.forget(_NOTE)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        try:
            found = await self._bucket.get(key)
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc
        body = getattr(found, "body", None)
        if body is None:
            raise Unavailable(reason="the archive is not there")
        async for chunk in chunks_of(body):
            yield chunk
            await js.scheduler.wait(0)

    async def remove_all(self, prefix: str, but: Collection[str] = ()) -> None:
        """A page of the bucket is 1000 keys: one with none but these is the last."""
        try:
            await self._abort_noted()
            while keys := [key for key in await self._page(prefix) if key not in but]:
                await self._bucket.delete(to_js(keys))
        except JsException as exc:
            raise Unavailable(reason=f"r2: {exc}") from exc

    async def _page(self, prefix: str) -> list[str]:
        return [str(found.key) for found in (await self._bucket.list(js_object({"prefix": prefix}))).objects]


async def _parts(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Chunks joined into parts of PART_BYTES, the last one shorter, or empty: R2 wants all parts but the last alike."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= PART_BYTES:
            yield bytes(gathered[:PART_BYTES])
            del gathered[:PART_BYTES]
        await js.scheduler.wait(0)
    yield bytes(gathered)
