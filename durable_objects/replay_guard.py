"""A Durable Object that remembers what was used once.

Law: one object per signing key; a `jti` is remembered until its credential could not be accepted any more. Whoever
cannot reach the guard does not accept.
"""

from typing import Any, Final

from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from workers import DurableObject

# Whoever asks has looked at its own clock before, and may have waited for keys or for the directory since.
MARGIN_S: Final = 60


class ReplayGuard(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._ctx = ctx._ctx
        self._sql = ObjectSql(self._ctx.storage)
        self._sql.execute(
            "CREATE TABLE IF NOT EXISTS used (jti TEXT PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._sql.execute("CREATE INDEX IF NOT EXISTS used_until ON used (until_s)")

    async def claim(self, jti: str, until_s: int) -> bool:
        """True the first time a `jti` is shown."""
        now_s = now_ms() // 1000
        self._sql.execute("DELETE FROM used WHERE until_s < ?", now_s - MARGIN_S)
        fresh = self._sql.execute(
            "INSERT INTO used (jti, until_s) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING jti", jti, until_s
        )
        return bool(fresh)
