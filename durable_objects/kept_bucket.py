"""A token bucket that is kept between two questions, so that all isolates count together.

Law: pure. What it holds is written at every question, so that an instance may vanish between any two; it is read once.
Nothing of it is kept once it has been full for QUIET_MS. Not as soon as it is full: to delete the database takes
the object ten times as long as a question (workerd 1.20261117).
"""

from collections.abc import Callable
from typing import Final

from durable_objects.limits import Bucket
from shared.clock import Clock
from shared.ports import Sql

QUIET_MS: Final = 10 * 60 * 1000
_PER_MINUTE: Final = 60
_TABLE: Final = "CREATE TABLE IF NOT EXISTS bucket (tokens REAL NOT NULL, at_ms INTEGER NOT NULL)"


class KeptBucket:
    """`ring_at` has the object woken at that time, in place of any time before; then `forget` is to be called."""

    def __init__(self, sql: Sql, clock: Clock, ring_at: Callable[[int], None]) -> None:
        self._sql = sql
        self._clock = clock
        self._ring_at = ring_at
        self._kept: tuple[float, int] | None = None
        self._rings_at_ms = 0

    def take(self, wanted: int, per_minute: int, burst: int) -> tuple[int, Bucket]:
        """As many of the wanted tokens as there are, and the bucket without them."""
        now_ms = self._clock()
        self._kept = self._kept or self._stored() or self._first(burst, now_ms)
        tokens, at_ms = self._kept
        bucket = Bucket(per_minute / _PER_MINUTE, burst, at_ms, tokens=tokens)
        taken = bucket.take(wanted, now_ms)
        self._kept = bucket.tokens, now_ms
        self._sql.run("UPDATE bucket SET tokens = ?, at_ms = ?", *self._kept)
        self._ring_when_full(now_ms + bucket.full_in_ms())
        return taken, bucket

    def forget(self) -> None:
        """What was stored is being deleted."""
        self._kept, self._rings_at_ms = None, 0

    def _stored(self) -> tuple[float, int] | None:
        self._sql.run(_TABLE)
        rows = self._sql.execute("SELECT tokens, at_ms FROM bucket")
        return (float(rows[0][0] or 0), int(rows[0][1] or 0)) if rows else None

    def _first(self, burst: int, now_ms: int) -> tuple[float, int]:
        self._sql.run("INSERT INTO bucket (tokens, at_ms) VALUES (?, ?)", burst, now_ms)
        return burst, now_ms

    def _ring_when_full(self, full_ms: int) -> None:
        """Rarely: each ringing that is set is a write of its own."""
        if self._rings_at_ms < full_ms:
            self._rings_at_ms = full_ms + QUIET_MS
            self._ring_at(self._rings_at_ms)
