"""One HTTP call, and what becomes of its failures.

Law: the only module that knows httpx; its exceptions and RFC 9457 problem bodies become ours here.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, Self

import httpx

from parley.errors import ParleyError, Undecodable, Unreachable

_WITHIN_S: Final = 30.0
# Whoever waits for a token is cut off from the room meanwhile: rather ask again.
_TOKEN_WITHIN_S: Final = 10.0


class Rest:
    """JSON over HTTP with a bearer token. `transport` replaces the network."""

    def __init__(self, base_url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, transport=transport, timeout=_WITHIN_S
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        within_s: float = _WITHIN_S,
    ) -> Any:
        """The answer's JSON. Raises ParleyError, Unreachable."""
        try:
            response = await self._http.request(method, path, json=body, params=query, timeout=within_s)
        except httpx.TransportError as exc:
            raise _unreachable(exc) from exc
        if response.is_error:
            raise problem(response.status_code, _json(response), response.headers.get("Retry-After"))
        return _json(response)

    async def bytes_of(self, path: str) -> AsyncIterator[bytes]:
        """A download as it is stored, never decompressed on the way. Raises ParleyError, Unreachable."""
        try:
            async with self._http.stream("GET", path) as response:
                if response.is_error:
                    await response.aread()
                    raise problem(response.status_code, _json(response), response.headers.get("Retry-After"))
                async for chunk in response.aiter_raw():
                    yield chunk
        except httpx.TransportError as exc:
            raise _unreachable(exc) from exc

    async def routing_token(self, group_id: str) -> str:
        """The way into one group, for a minute. Raises ParleyError, Unreachable."""
        answer = await self.call("POST", f"/groups/{group_id}/token", within_s=_TOKEN_WITHIN_S)
        if not isinstance(answer, Mapping) or not isinstance(token := answer.get("routing_token"), str):
            raise Undecodable("routing_token is missing")
        return token


def problem(status: int, body: object, retry_after_s: str | None = None) -> ParleyError:
    """An RFC 9457 problem as an exception; an answer that is none is still an error with its status."""
    members = body if isinstance(body, Mapping) else {}
    detail = members.get("detail") or members.get("title") or f"The server answered {status}"
    retry_after_ms = members.get("retry_after_ms")
    if retry_after_ms is None and retry_after_s is not None and retry_after_s.isdecimal():
        retry_after_ms = int(retry_after_s) * 1000
    return ParleyError(str(members.get("code", "http_error")), status, str(detail), retry_after_ms)


def _unreachable(exc: httpx.TransportError) -> Unreachable:
    return Unreachable(f"The server could not be reached: {type(exc).__name__}")


def _json(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else {}
    except ValueError:
        return {}
