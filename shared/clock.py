"""Time, as an argument.

Law: no rule asks the machine for the time; an edge hands in a `Clock`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

Clock = Callable[[], int]
"""The time now, in Unix milliseconds."""


def rfc3339(now_ms: int) -> str:
    """`2026-11-23T09:30:00.125Z` (RFC 3339, UTC, milliseconds)."""
    return f"{_to_the_second(now_ms // 1000)}.{now_ms % 1000:03d}Z"


@lru_cache(maxsize=8)
def _to_the_second(now_s: int) -> str:
    """Kept, since under load a thousand messages share one, and in Pyodide it costs 50 µs."""
    return f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%dT%H:%M:%S}"


def milliseconds(ts: str) -> int:
    """The other way: from RFC 3339, as `rfc3339` writes it."""
    return round(datetime.fromisoformat(ts).timestamp() * 1000)


def seconds(now_ms: int) -> int:
    """Unix seconds, as credentials count them."""
    return now_ms // 1000


def day_of(now_ms: int) -> date:
    """The day in UTC."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).date()
