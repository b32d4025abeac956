"""The `Peer` port over a service binding."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from shared import trace
from shared.edge.js import js_object
from shared.edge.r2 import chunks_of
from shared.errors import Unavailable
from shared.ports import Reply


def js_request(url: str, method: str, headers: Mapping[str, str], body: bytes | None, **more: Any) -> Any:
    """A JavaScript Request. `more` are further members of its options, such as `signal`."""
    options = js_object({"method": method, "headers": dict(headers), **more})
    if body is not None and method not in ("GET", "HEAD"):
        options.body = to_js(body)
    return js.Request.new(url, options)


class BoundPeer:
    """`origin` is the peer's configured public origin: what its signatures are made for."""

    def __init__(self, binding: Any, origin: str) -> None:
        self._raw = binding
        self.origin = origin

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            response = await self._raw.fetch(self._request(method, target, headers, body))
            return Reply(response.status, (await response.arrayBuffer()).to_bytes())
        except JsException as exc:
            raise Unavailable(reason=f"peer: {exc}") from exc

    async def stream(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, AsyncIterator[bytes]]:
        try:
            response = await self._raw.fetch(self._request(method, target, headers, body))
        except JsException as exc:
            raise Unavailable(reason=f"peer: {exc}") from exc
        return response.status, chunks_of(response.body)

    async def open(self, method: str, target: str, headers: Mapping[str, str], body: bytes, signal: Any) -> Any:
        """The JavaScript Response as soon as it begins, for streams; `signal` aborts it. Raises JsException."""
        return await self._raw.fetch(self._request(method, target, headers, body, signal=signal))

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes, **more: Any) -> Any:
        """Every call to another Worker says which trace it belongs to."""
        return js_request(self.origin + target, method, {**headers, **trace.headers()}, body, **more)
