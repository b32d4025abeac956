"""The `RateLimit` port over the Durable Object that counts, one for each person."""

from typing import Any

from pyodide.ffi import JsException

from shared.errors import TooManyRequests, Unavailable


class ObjectRateLimit:
    def __init__(self, namespace: Any, per_minute: int, burst: int) -> None:
        self._raw = namespace
        self._per_minute = per_minute
        self._burst = burst

    async def take(self, user_id: str) -> None:
        try:
            wait_ms = int(await self._raw.getByName(user_id).wait_ms(self._per_minute, self._burst))
        except JsException as exc:
            raise Unavailable(reason=f"rate limiter: {exc}") from exc
        if wait_ms:
            raise TooManyRequests(retry_after_ms=wait_ms)
