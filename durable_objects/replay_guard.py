"""A Durable Object that remembers what was used once.

Law: one object per signing key. Whoever cannot reach the guard does not accept; what is remembered and for how long is
decided in `used_once`.
"""

from typing import Any

from durable_objects.used_once import UsedOnce
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from workers import DurableObject


class ReplayGuard(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._used = UsedOnce(ObjectSql(ctx._ctx.storage))

    async def claim(self, jti: str, until_s: int) -> bool:
        """True the first time a `jti` is shown."""
        return self._used.claim(jti, until_s, now_ms() // 1000)
