"""The `Leases` port over the Durable Object that counts, one for each person."""

import json
from typing import Any

from pyodide.ffi import JsException

from app.rate_limit import Lease
from shared.errors import Unavailable


class ObjectLeases:
    """The namespace is the Orchestrator's; under these names it counts for the App API alone."""

    def __init__(self, namespace: Any, per_minute: int) -> None:
        self._raw = namespace
        self._per_minute = per_minute

    async def lease(self, user_id: str, wanted: int) -> Lease:
        try:
            text = str(await self._raw.getByName(f"app-api:{user_id}").lease(self._per_minute, wanted))
        except JsException as exc:
            raise Unavailable(reason=f"rate limiter: {exc}") from exc
        return Lease(*json.loads(text))
