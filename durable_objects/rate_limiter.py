"""A Durable Object that counts how often somebody asks: one for each person, so that all isolates count together.

Law: the bucket's rule is in `limits`; here it lies between two questions. Once it is full again nothing of it is kept.
"""

import json
from typing import Any

from durable_objects.limits import Bucket
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from workers import DurableObject

_TABLE = "CREATE TABLE IF NOT EXISTS bucket (tokens REAL NOT NULL, at_ms INTEGER NOT NULL)"


class RateLimiter(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._storage = ctx._ctx.storage
        self._sql = ObjectSql(self._storage)

    async def wait_ms(self, per_minute: int, burst: int) -> int:
        """0 when it is granted now; otherwise in how many milliseconds it would be."""
        bucket = self._bucket(per_minute, burst)
        wait_ms = bucket.wait_ms(now_ms())
        self._keep(bucket)
        return wait_ms

    async def lease(self, per_minute: int, wanted: int) -> str:
        """A JSON list: how many are granted, how many are left, in how many milliseconds there is one."""
        bucket = self._bucket(per_minute, per_minute)
        granted = bucket.take(wanted, now_ms())
        self._keep(bucket)
        return json.dumps([granted, int(bucket.tokens), bucket.next_in_ms()])

    def _bucket(self, per_minute: int, burst: int) -> Bucket:
        self._sql.execute(_TABLE)
        rows = self._sql.execute("SELECT tokens, at_ms FROM bucket")
        left, at_ms = rows[0] if rows else (burst, now_ms())
        return Bucket(per_minute / 60, burst, int(at_ms or 0), tokens=float(left or 0))

    def _keep(self, bucket: Bucket) -> None:
        self._sql.execute("DELETE FROM bucket")
        self._sql.execute("INSERT INTO bucket (tokens, at_ms) VALUES (?, ?)", bucket.tokens, now_ms())
        self._storage.setAlarm(now_ms() + bucket.full_in_ms())

    async def alarm(self, *_: Any) -> None:
        await self._storage.deleteAll()
