"""An object of the bucket as the body of a response: no byte of it passes through Python.

Law: translation; which bytes are wanted is decided in `ranges`.
"""

from typing import Any

import js
from pyodide.ffi import JsException

from app.archives import OBJECT_HEADER
from app.ranges import NotSatisfiable, Slice, unchanged, wanted
from shared.edge.js import js_object
from shared.edge.refusal import refuse
from shared.errors import RangeNotSatisfiable, Unavailable
from shared.log import Log


async def with_object(request: Any, response: Any, bucket: Any, log: Log) -> Any:
    """The response with the named object's bytes as its body: all, or the range that the request asks for."""
    key = response.headers.get(OBJECT_HEADER)
    try:
        found = await bucket.head(key)
        if not getattr(found, "httpEtag", None):
            log("archive_missing", key=key)
            return refuse(Unavailable(reason="the archive is not in the bucket"))
        return await _answer(request, response, bucket, found)
    except Unavailable as exc:
        return refuse(exc)
    except JsException as exc:
        log("archive_unreadable", key=key, reason=str(exc))
        return refuse(Unavailable(reason="the archive cannot be read"))


async def _answer(request: Any, response: Any, bucket: Any, found: Any) -> Any:
    asked, etag, size = request.headers, found.httpEtag, int(found.size)
    headers = js.Headers.new(response.headers)
    headers.delete(OBJECT_HEADER)
    headers.set("ETag", etag)
    headers.set("Accept-Ranges", "bytes")
    headers.set("Last-Modified", found.uploaded.toUTCString())
    if unchanged(_header(asked, "If-None-Match"), etag):
        headers.delete("Content-Length")
        return _response(None, 304, headers)
    try:
        part = wanted(_header(asked, "Range"), _header(asked, "If-Range"), etag, size)
    except NotSatisfiable:
        refusal = refuse(RangeNotSatisfiable())
        refusal.headers.set("Content-Range", f"bytes */{size}")
        return refusal
    if not part.whole:
        headers.set("Content-Range", f"bytes {part.start}-{part.start + part.length - 1}/{size}")
    headers.set("Content-Length", str(part.length))
    body = None if request.method == "HEAD" else await _bytes(bucket, found, part)
    return _response(body, 200 if part.whole else 206, headers)


async def _bytes(bucket: Any, found: Any, part: Slice) -> Any:
    """Of the very version that was looked at: an archive is replaced when somebody in it is erased."""
    options = {"range": {"offset": part.start, "length": part.length}, "onlyIf": {"etagMatches": found.etag}}
    body = getattr(await bucket.get(found.key, js_object(options)), "body", None)
    if body is None:
        raise Unavailable(reason="the archive was replaced just now")
    return body


def _header(headers: Any, name: str) -> str | None:
    value = headers.get(name)
    return value if isinstance(value, str) else None


def _response(body: Any, status: int, headers: Any) -> Any:
    options = js_object({"status": status})
    options.headers = headers
    return js.Response.new(body, options)
