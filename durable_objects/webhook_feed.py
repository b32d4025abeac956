"""Handing a group's events to the outbox of its org, for the webhooks that want them.

Law: the roster says which events anybody wants; a group of whose events nobody wants any pays nothing. How far they
were handed over is in the journal, and goes on only when the outbox has answered: each comes at least once.
"""

from typing import Final, Protocol

from durable_objects.calls import Roster
from durable_objects.effects import Effect, HandOver, RingAt
from durable_objects.room import Room
from shared.webhooks import Accept

BATCH_EVENTS: Final = 50
RETRY_MS: Final = (5_000, 10_000, 30_000, 120_000, 600_000)
_HANDED: Final = "handed_seq"


class Outboxes(Protocol):
    async def accept(self, told: Accept) -> None:
        """Raises Unavailable, and then it is told again."""
        ...


class WebhookFeed:
    """When to hand over, and from where on."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._tries = 0

    def roster_changes(self, after: Roster) -> None:
        """Whoever begins to listen hears what comes from now on; from the start only of what has just begun."""
        if not after.hooks:
            if self._room.journal.fact(_HANDED) is not None:
                self._room.journal.forget(_HANDED)
        elif self._room.roster is not None and not self._room.hooks:
            self._room.journal.keep(_HANDED, str(self._room.head))

    def fresh(self) -> list[Effect]:
        """Something was appended that is wanted."""
        self._room.has_news = False
        self._tries = 0
        return self.due()

    def due(self) -> list[Effect]:
        """Hands over what was not, and rings to see whether it was: first soon and then less often."""
        if not self._room.hooks or self._handed() >= self._room.head:
            return []
        wait_ms = RETRY_MS[min(self._tries, len(RETRY_MS) - 1)]
        self._tries += 1
        return [HandOver(), RingAt(self._room.clock() + wait_ms)]

    def batch(self) -> tuple[int, Accept | None]:
        """How far the next batch reaches, and the batch; None when nothing in it is wanted."""
        room, after = self._room, self._handed()
        found = room.journal.of_types(after, sorted(room.hooks), BATCH_EVENTS)
        if not found:
            return room.head, None
        upto = found[-1][0] if len(found) == BATCH_EVENTS else room.head
        known = room.known()
        bodies = tuple(body for _, body in found)
        return upto, Accept(org_id=known.org_id, group_id=known.group_id, events=bodies)

    def handed(self, upto: int) -> None:
        """The outbox has it. Nothing to remember for a group that is gone, or that nobody listens to any more."""
        if self._room.hooks:
            self._room.journal.keep(_HANDED, str(upto))

    def is_behind(self) -> bool:
        return bool(self._room.hooks) and self._handed() < self._room.head

    def _handed(self) -> int:
        return int(self._room.journal.fact(_HANDED) or self._room.epoch_from - 1)


class HandingOver:
    """Only one at a time; what is appended meanwhile goes along."""

    def __init__(self, feed: WebhookFeed, outboxes: Outboxes) -> None:
        self._feed = feed
        self._outboxes = outboxes
        self._is_at_it = False

    async def __call__(self) -> None:
        """Raises Unavailable: the alarm tries again."""
        if self._is_at_it:
            return
        self._is_at_it = True
        try:
            while self._feed.is_behind():
                upto, batch = self._feed.batch()
                if batch is not None:
                    await self._outboxes.accept(batch)
                self._feed.handed(upto)
        finally:
            self._is_at_it = False
