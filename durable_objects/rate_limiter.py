"""A Durable Object that counts how often somebody asks: one for each person, so that all isolates count together.

Law: wiring only; the bucket's rule is in `limits`, what is kept of it and for how long in `kept_bucket`.
"""

import json
from typing import Any

from durable_objects.kept_bucket import KeptBucket
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from workers import DurableObject


class RateLimiter(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._storage = ctx._ctx.storage
        self._kept = KeptBucket(ObjectSql(self._storage), now_ms, self._storage.setAlarm)

    async def wait_ms(self, per_minute: int, burst: int) -> int:
        """0 when it is granted now; otherwise in how many milliseconds it would be."""
        taken, bucket = self._kept.take(1, per_minute, burst)
        return 0 if taken else bucket.next_in_ms()

    async def lease(self, per_minute: int, wanted: int) -> str:
        """A JSON list: how many are granted, how many are left, in how many milliseconds there is one."""
        granted, bucket = self._kept.take(wanted, per_minute, per_minute)
        return json.dumps([granted, int(bucket.tokens), bucket.next_in_ms()])

    async def alarm(self, *_: Any) -> None:
        self._kept.forget()
        await self._storage.deleteAll()
