"""From active to archived and back, and from archived to deleted.

Law: active → archiving → archived → deleting → gone, and archived → active again by a restore, under a new epoch.
What was begun is in the journal before anybody hears of it, and the alarm goes on with it until it is done. Nothing is
deleted that was not archived and verified first. Asking twice is the same as asking once.
"""

from dataclasses import dataclass
from typing import Final

from durable_objects.calls import DeleteGroup, Restore
from durable_objects.effects import Effect, KeepSession, RingAt, SettleLife, TellAll
from durable_objects.erasure import owed_rewriting, say_what_was_erased
from durable_objects.membership import farewell
from durable_objects.presence import Sockets
from durable_objects.room import Room
from durable_objects.turn_taking import TurnTaking
from shared.clock import milliseconds
from shared.errors import GroupArchiving, NotFound
from shared.protocol import SYSTEM, Actor, GroupArchivedData, GroupRestored

RETRY_MS: Final = (5_000, 10_000, 30_000, 120_000, 600_000)
DAY_MS: Final = 24 * 3600 * 1000
RENEW_BEHIND_MS: Final = 30 * DAY_MS
"""A group that sleeps renews its certificate so long after its end: well before the Orchestrator would refuse to."""
OVER: Final = (4504, "group archived")


@dataclass(frozen=True)
class Terms:
    """After how many days without an event a group is archived, and how many later it is deleted. 0: never."""

    idle_archive_days: int = 0
    retention_days: int = 0


class Lifecycle:
    def __init__(self, room: Room, turns: TurnTaking, sockets: Sockets, terms: Terms) -> None:
        self._room = room
        self._turns = turns
        self._sockets = sockets
        self._terms = terms
        self._tries = 0

    # ── what is asked for ───────────────────────────────────────────────────────────────────────────────────────────

    def archive(self, by: Actor, reason: str) -> list[Effect]:
        if self._room.status != "active":
            return []
        effects = self._turns.cancel_all()
        _, body = self._room.append(GroupArchivedData(reason=reason), by)
        self._room.begin_archiving(reason)
        return [*effects, TellAll(body), self._soon()]

    def restore(self, call: Restore) -> None:
        """The log goes on behind its last event, under a new epoch; a group that is not archived stays as it is.

        What changed meanwhile comes by the roster that is set next. Raises NotFound when this object knows no group,
        GroupArchiving while the directory is about to be told of an archive without somebody's words.
        """
        if self._room.status == "unopened":
            raise NotFound
        if self._room.status == "archived":
            if owed_rewriting(self._room) is not None:
                raise GroupArchiving("The archive is being rewritten; ask again")
            self._room.reopen()
            self._room.append(GroupRestored(reason=call.reason), call.by)
            say_what_was_erased(self._room)
        self._room.keep_session(call.opening)

    def delete(self, call: DeleteGroup) -> list[Effect]:
        """Archives first what is not archived yet; what goes then can still be told from a forgery by its head."""
        room = self._room
        room.keep_session(call.opening)
        if room.status == "unopened":
            # The log is in its archive alone, or gone already: there is nothing left to archive.
            room.set_roster(call.opening.roster)
            room.begin_deleting()
        room.mark_for_deletion(call.reason)
        effects = self.archive(call.by, call.reason)
        if room.status == "archived":
            room.begin_deleting()
        return [*effects, self._soon()]

    # ── what has come about ─────────────────────────────────────────────────────────────────────────────────────────

    def archived(self) -> list[Effect]:
        """The archive is written, verified and known to the directory: say good-bye."""
        self._room.end_archiving()
        if self._room.marked_for_deletion():
            self._room.begin_deleting()
        effects: list[Effect] = []
        for session in self._sockets.sessions():
            effects += farewell(session.socket_id, *OVER)
        return [*effects, *self.settled()]

    def settled(self) -> list[Effect]:
        """Something that was begun is done; what is next."""
        self._tries = 0
        return self.due()

    def deleted(self) -> None:
        """The directory knows, the bucket is empty: now the log itself goes."""
        self._room.journal.empty()
        self._room.reload()

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def due(self) -> list[Effect]:
        """What is due now, and when to ring for what is not."""
        if owed_rewriting(self._room) is not None:
            return self._again()
        match self._room.status:
            case "archiving" | "deleting":
                return self._again()
            case "active" if self._terms.idle_archive_days:
                due_ms = milliseconds(self._room.last_ts()) + self._terms.idle_archive_days * DAY_MS
                if due_ms <= self._room.clock():
                    return self.archive(SYSTEM, f"Nothing was said for {self._terms.idle_archive_days} days")
                return [RingAt(due_ms), *self._session_kept()]
            case "archived" if self._terms.retention_days:
                due_ms = self._room.archived_ms() + self._terms.retention_days * DAY_MS
                if due_ms <= self._room.clock():
                    self._room.mark_for_deletion(f"Archived for {self._terms.retention_days} days")
                    self._room.begin_deleting()
                    return self._again()
                return [RingAt(due_ms), *self._session_kept()]
            case _:
                return []

    def _again(self) -> list[Effect]:
        """Tries again, first soon and then less often."""
        wait_ms = RETRY_MS[min(self._tries, len(RETRY_MS) - 1)]
        self._tries += 1
        return [SettleLife(), RingAt(self._room.clock() + wait_ms)]

    def _soon(self) -> RingAt:
        return RingAt(self._room.clock() + RETRY_MS[0])

    def _session_kept(self) -> list[Effect]:
        """Whoever is to report to the directory some day needs a certificate that can still be renewed then."""
        renew_ms = self._room.session().expires_s * 1000 + RENEW_BEHIND_MS
        if renew_ms > self._room.clock():
            return [RingAt(renew_ms)]
        return [KeepSession(), RingAt(self._room.clock() + DAY_MS)]
