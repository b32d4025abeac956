"""Telling the directory what a group's agents used.

Law: totals of a day, told again until they were heard; nothing is forgotten by a failure, and nothing counted twice.
"""

from typing import Final

from durable_objects.effects import Effect, ReportUsage, RingAt
from durable_objects.renewal import Sessions
from durable_objects.room import Room
from shared.usage import USAGE_ROWS_LIMIT

TARGET: Final = "/infra/usage"
SOON_MS: Final = 1_000
RETRY_MS: Final = (60_000, 300_000, 3_600_000, 6 * 3_600_000)


class UsageReports:
    """When to report."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._tries = 0

    def fresh(self) -> list[Effect]:
        """A run has been counted. It is told in a moment, with all others until then, when nobody waits for what comes
        next.
        """
        self._tries = 0
        return [RingAt(self._room.clock() + SOON_MS)]

    def due(self) -> list[Effect]:
        """Reports what was not heard yet, and rings to see whether it was: first soon and then less often."""
        if not self._room.journal.runs.has_unreported():
            return []
        wait_ms = RETRY_MS[min(self._tries, len(RETRY_MS) - 1)]
        self._tries += 1
        return [ReportUsage(), RingAt(self._room.clock() + wait_ms)]


async def report_usage(room: Room, sessions: Sessions) -> None:
    """Raises Unavailable: it will be asked for again."""
    used = room.journal.runs.unreported(USAGE_ROWS_LIMIT)
    if used:
        await sessions.tell(TARGET, {"used": [row.model_dump(mode="json") for row in used]})
        for row in used:
            room.journal.runs.reported(row)
