"""One group: people and agents in one durable room.

Law: all rules of a group start here. What happens comes in through one door, `Group.receive`; what shall be done comes
out as effects, which the edge runs in their order. A call of the Orchestrator comes in through `Group.answer` and gets
its answer with the effects. No I/O, no platform, no clock of its own.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel

from durable_objects.access import Access
from durable_objects.calls import (
    Archive,
    ControllerCall,
    Disconnect,
    Done,
    OpenSession,
    PostMessage,
    ReadHistory,
    Roster,
    RosterSet,
    SearchHistory,
    SetRoster,
)
from durable_objects.effects import (
    Arrived,
    Connected,
    Disconnected,
    Effect,
    Happening,
    Rang,
    ResumeArchive,
    RingAt,
    RunDeferred,
    RunEnded,
    RunSaid,
    Stalled,
    TellAll,
    Woke,
)
from durable_objects.frames import Frames, error_body
from durable_objects.journal import Journal
from durable_objects.limits import FrameLimiter, Limits
from durable_objects.membership import REVOKED, apply_roster, farewell
from durable_objects.presence import HELLO_WITHIN_MS, Present, Sockets
from durable_objects.room import Room, VerifyRouting
from durable_objects.rules import Rules
from durable_objects.search import search
from shared.clock import Clock
from shared.errors import GroupArchived, ParleyError
from shared.ids import MakeId
from shared.protocol import GroupArchivedData
from shared.tokens import RoutingClaims

T = TypeVar("T")
ARCHIVE_RETRY_MS: Final = (5_000, 10_000, 30_000, 120_000, 600_000)


class Group:
    def __init__(
        self,
        journal: Journal,
        sockets: Sockets,
        verify: VerifyRouting,
        clock: Clock,
        make_id: MakeId,
        limits: Limits,
    ) -> None:
        self.rules = Rules.of(Room(journal, clock, make_id), Present(sockets, limits, clock))
        self.room = self.rules.room
        self._sockets = sockets
        self._archive_tries = 0
        self._limiter = FrameLimiter(limits)
        self._access = Access(journal, clock, single_use=limits.single_use_routing_tokens)
        self._frames = Frames(self.rules, self._limiter, self._access, verify)

    # ── the door ────────────────────────────────────────────────────────────────────────────────────────────────────

    def receive(self, happening: Happening) -> list[Effect]:
        """Handles what happened, all of it or none of it, and says what to do."""
        return self._atomically(lambda: self._handle(happening))

    def _atomically(self, work: Callable[[], T]) -> T:
        """What fails leaves neither journal nor memory changed."""
        try:
            return self.room.journal.atomically(work)
        except Exception:
            self.room.reload()
            raise

    def _handle(self, happening: Happening) -> list[Effect]:
        match happening:
            case Arrived(session, text):
                return self._frames.arrived(session, text)
            case Connected(session):
                return [RingAt(session.connected_ms + HELLO_WITHIN_MS)]
            case Disconnected(session):
                self._limiter.forget(session.socket_id)
                return self.rules.present.gone(session)
            case Stalled(session):
                still_open = session in self._sockets.sessions()
                return self.rules.present.dismiss(session, 4008, "too slow") if still_open else []
            case RunSaid():
                return self.rules.runs.said(happening)
            case RunEnded():
                return self.rules.turn_taking.ended(happening)
            case RunDeferred():
                return self.rules.deferrals.part_ended(happening)
            case Rang():
                return self._deadlines()
            case Woke():
                return [*self.rules.turn_taking.interrupt_orphans(), *self._deadlines()]

    def _deadlines(self) -> list[Effect]:
        """What is due, and when to ring for what is not. A new instance does not know when it was to be rung."""
        return [
            *self.rules.present.rang(),
            *self.rules.turn_taking.reap(),
            *self.rules.deferrals.expire(),
            *self._unfinished_archive(),
        ]

    def admit(self, claims: RoutingClaims) -> None:
        """Lets a person open a socket now. Raises Forbidden, GroupArchived, TooManyRequests, InvalidCredential."""
        if self.room.status == "archived":
            raise GroupArchived
        self.room.member(claims.sub)
        self.rules.present.check_place(claims.sub)
        self._atomically(lambda: self._access.enter(claims))

    def answer(self, call: ControllerCall) -> tuple[str, list[Effect]]:
        """The text of the answer to an Orchestrator's call, and what to do. Raises ParleyError."""
        return self._atomically(lambda: self._answer(call))

    def _answer(self, call: ControllerCall) -> tuple[str, list[Effect]]:
        match call:
            case OpenSession():
                self.room.open(call)
                return _text(Done()), self._set_roster(call.roster)
            case SetRoster():
                covered = RosterSet(covered=self.room.certificate_covers(call.roster))
                return _text(covered), self._set_roster(call.roster)
            case ReadHistory():
                self.room.member(call.user_id)
                return self.rules.messages.history(call.user_id, call.query).text(), []
            case SearchHistory():
                self.room.member(call.user_id)
                return _text(search(self.room, [call.user_id], call.query)), []
            case PostMessage():
                said = self.rules.messages.send(call.user_id, call.message)
                return _text(said.posted), self._frames.after_send(said, call.user_id)
            case Disconnect():
                self._access.take_away(call.user_id, call.access_version)
                return _text(Done()), self.rules.present.expel(call.user_id, call.access_version, call.code, REVOKED)
            case Archive():
                return _text(Done()), self._begin_archive(call)

    def _set_roster(self, roster: Roster) -> list[Effect]:
        """An older roster than the one that is known changes nothing."""
        if not self.room.is_news(roster):
            return []
        stopped = self.rules.turn_taking.let_go({agent.id for agent in roster.agents})
        return [*stopped, *apply_roster(self.room, roster, self._sockets.sessions())]

    def failure(self, exc: ParleyError) -> str:
        """An error as the value that crosses RPC."""
        return f'{{"error":{error_body(exc).model_dump_json()}}}'

    # ── archiving ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin_archive(self, call: Archive) -> list[Effect]:
        """Asking twice is the same as asking once: the second finds the archive begun, or done."""
        if self.room.status != "active":
            return []
        person = self.room.person(call.user_id)
        effects = self.rules.turn_taking.cancel_all()
        _, body = self.room.append(GroupArchivedData(reason=call.reason), person)
        self.room.begin_archiving(call.reason)
        return [*effects, TellAll(body), RingAt(self.room.clock() + ARCHIVE_RETRY_MS[0])]

    def _unfinished_archive(self) -> list[Effect]:
        """Tries again, first soon and then less often."""
        if self.room.status != "archiving":
            return []
        wait_ms = ARCHIVE_RETRY_MS[min(self._archive_tries, len(ARCHIVE_RETRY_MS) - 1)]
        self._archive_tries += 1
        return [ResumeArchive(), RingAt(self.room.clock() + wait_ms)]

    def archived(self) -> list[Effect]:
        """The archive is written, verified and known to the directory: say good-bye."""
        self.room.end_archiving()
        effects: list[Effect] = []
        for session in self._sockets.sessions():
            effects += farewell(session.socket_id, 4504, "group archived")
        return effects


def _text(answer: BaseModel) -> str:
    return answer.model_dump_json()
