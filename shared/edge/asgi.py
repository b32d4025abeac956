"""From a JavaScript request to an ASGI application and back.

Law: translation only. No lifespan, one response; a response body that comes in several pieces is streamed. A request
body whose length was announced is read at once, any other piece by piece: whoever reads it has a limit, and memory that
WebAssembly has taken is never given back (workerd 2026-11).
The SDK's own adapter runs a whole lifespan per request, hence this one. ASGI: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import js
from pyodide.ffi import JsException, to_js

from shared.edge.js import header_items, js_object
from shared.errors import BadRequest

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
_NULL_BODY_STATUSES = frozenset({204, 205, 304})


def _scope(request: Any) -> Message:
    url = urlsplit(request.url)  # the runtime has brought it into its one form already
    headers = header_items(request.headers)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers],
        "client": None,
        "server": (url.hostname, int(url.port or 443)),
    }


class _Exchange:
    """One request and its one response."""

    def __init__(self, request: Any, scope: Message) -> None:
        self._request = request
        self._length = dict(scope["headers"]).get(b"content-length")
        self._reader: Any = None
        self._sent_body = False
        self._status = 500
        self._headers: list[tuple[str, str]] = []
        self._writer: Any = None
        self.response: Any = js.Promise.withResolvers()

    async def receive(self) -> Message:
        if self._sent_body:
            return {"type": "http.disconnect"}
        if self._length is None and self._request.body:
            return await self._receive_piece()
        self._sent_body = True
        empty = self._length is None or self._length == b"0"
        body = b"" if empty else (await _read(self._request.arrayBuffer())).to_bytes()
        return {"type": "http.request", "body": body, "more_body": False}

    async def _receive_piece(self) -> Message:
        if self._reader is None:
            self._reader = self._request.body.getReader()
        piece = await _read(self._reader.read())
        self._sent_body = bool(piece.done)
        body = b"" if piece.done else piece.value.to_bytes()
        return {"type": "http.request", "body": body, "more_body": not piece.done}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._writer is None and not more:
            self._respond(to_js(body) if self._status not in _NULL_BODY_STATUSES else None)
            return
        if self._writer is None:
            # Not `TransformStream`: a write to that one stays silent for ever once its reader, another Worker, has
            # aborted its call (workerd 1.20261117); this one, the runtime's own, reports it.
            stream = js.IdentityTransformStream.new()
            self._writer = stream.writable.getWriter()
            self._respond(stream.readable)
        if body:
            await self._writer.write(to_js(body))
        if not more:
            await self._writer.close()

    def _respond(self, body: Any) -> None:
        options = js_object({"status": self._status, "headers": self._headers})
        self.response.resolve(js.Response.new(body, options))

    async def close(self) -> None:
        """Lets go of a body that nobody wanted to the end."""
        if self._reader is not None and not self._sent_body:
            with suppress(JsException):  # the sender has gone away meanwhile
                await self._reader.cancel()

    async def abort(self, reason: str) -> None:
        """The application failed: end what was begun, so that nobody waits."""
        if self._writer is not None:
            await self._writer.abort(reason)
        self.response.reject(js.Error.new(reason))


async def _read(promise: Any) -> Any:
    """Raises BadRequest: what breaks off, or is not in the form that it announces, is its sender's."""
    try:
        return await promise
    except JsException as exc:
        raise BadRequest("The body could not be read to its end") from exc


async def serve(app: App, request: Any, wait_until: Callable[[Awaitable[None]], None]) -> Any:
    """The JavaScript Response of `app` to a raw JavaScript Request. A stream goes on after this has returned."""
    scope = _scope(request)
    exchange = _Exchange(request, scope)

    async def run() -> None:
        try:
            await app(scope, exchange.receive, exchange.send)
            await exchange.close()
        except JsException as exc:
            await exchange.abort(type(exc).__name__)  # the reader went away, or a body that cannot be read

    wait_until(run())
    return await exchange.response.promise
