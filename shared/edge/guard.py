"""The `ReplayGuard` port over the Durable Object of that name, one object for each signing key."""

from typing import Any

from pyodide.ffi import JsException

from shared.errors import Unavailable


class ObjectReplayGuard:
    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    async def claim(self, kid: str, jti: str, until_s: int) -> bool:
        try:
            return bool(await self._raw.getByName(kid).claim(jti, until_s))
        except JsException as exc:
            raise Unavailable(reason=f"replay guard: {exc}") from exc
