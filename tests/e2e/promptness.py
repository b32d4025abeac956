"""How soon is soon on a machine that has other things to do.

A promise in seconds is made for a machine that has time. Ordinary calls just before and just after tell how little of
it this one has at the moment: as many times as they take the usual, the promise may.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.e2e.deployment import Team

USUAL_S = 0.04
"""What an ordinary call takes at most where nothing else runs."""
CALLS = 3


@dataclass
class Stopwatch:
    """`elapsed_s` is known at the end."""

    elapsed_s: float = 0


@asynccontextmanager
async def within(team: Team, limit_s: float) -> AsyncIterator[Stopwatch]:
    """What happens in here takes less than `limit_s`, or than so much longer as every call takes longer just now."""
    before_s = await asyncio.to_thread(_slowest_call_s, team)
    started, watch = time.monotonic(), Stopwatch()
    yield watch
    watch.elapsed_s = time.monotonic() - started
    if watch.elapsed_s >= limit_s:
        slow_s = max(before_s, await asyncio.to_thread(_slowest_call_s, team))
        assert watch.elapsed_s < limit_s * slow_s / USUAL_S, f"{watch.elapsed_s:.2f} s; a call took {slow_s:.3f} s"


def _slowest_call_s(team: Team) -> float:
    return max(_call_s(team) for _ in range(CALLS))


def _call_s(team: Team) -> float:
    started = time.monotonic()
    assert team.call("ada", "GET", "/me").is_success
    return time.monotonic() - started
