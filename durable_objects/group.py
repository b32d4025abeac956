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
    ArchivedLog,
    ControllerCall,
    DeleteGroup,
    Disconnect,
    Done,
    ErasePerson,
    Life,
    OpenSession,
    PostMessage,
    ReadAuthored,
    ReadHistory,
    Restore,
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
    RingAt,
    RunDeferred,
    RunEnded,
    RunSaid,
    RunUsed,
    Stalled,
    Woke,
)
from durable_objects.erasure import Erasure, end_rewriting
from durable_objects.frames import Frames
from durable_objects.journal import Journal
from durable_objects.lifecycle import Lifecycle, Terms
from durable_objects.limits import FrameLimiter, Limits
from durable_objects.membership import REVOKED, apply_roster
from durable_objects.presence import HELLO_WITHIN_MS, Present, Sockets
from durable_objects.room import Room, VerifyRouting
from durable_objects.rules import Rules
from durable_objects.run_view import run_view
from durable_objects.search import search
from shared.clock import Clock
from shared.errors import GroupArchived
from shared.ids import MakeId
from shared.metrics import UNCOUNTED, Metrics
from shared.tokens import RoutingClaims

T = TypeVar("T")
NO_TERMS: Final = Terms()
Believes = Callable[[str], bool]
"""Whether the key that certified a session is still one of the Orchestrator's: the certificate is handed in."""


class Group:
    """`new_key` gives 32 random bytes in hex."""

    def __init__(
        self,
        journal: Journal,
        sockets: Sockets,
        verify: VerifyRouting,
        clock: Clock,
        make_id: MakeId,
        new_key: Callable[[], str],
        limits: Limits,
        terms: Terms = NO_TERMS,
        metrics: Metrics = UNCOUNTED,
        believes: Believes = bool,
    ) -> None:
        self._metrics = metrics
        self.rules = Rules.of(Room(journal, clock, make_id), Present(sockets, limits, clock))
        self.room = self.rules.room
        self._sockets = sockets
        self._limiter = FrameLimiter(limits)
        self._believes = believes
        self._life = Lifecycle(self.room, self.rules.turn_taking, sockets, terms)
        self._erasure = Erasure(self.room, self.rules.turn_taking, new_key)
        self._access = Access(journal, clock, single_use=limits.single_use_routing_tokens)
        self._frames = Frames(self.rules, self._limiter, self._access, verify)

    # ── the door ────────────────────────────────────────────────────────────────────────────────────────────────────

    def receive(self, happening: Happening) -> list[Effect]:
        """Handles what happened, all of it or none of it, and says what to do."""
        return self._with_news(self._atomically(lambda: self._handle(happening)))

    def failed(self, arrived: Arrived) -> list[Effect]:
        """What to do about a frame that `receive` has raised something for."""
        return self._frames.failed(arrived.session, arrived.text)

    def _atomically(self, work: Callable[[], T]) -> T:
        """What fails leaves neither journal nor memory changed."""
        try:
            return self.room.journal.atomically(work)
        except Exception:
            self.room.reload()
            raise

    def _with_news(self, effects: list[Effect]) -> list[Effect]:
        """What follows from a change that is committed."""
        if self.room.counted:
            counted, self.room.counted = self.room.counted, []
            for counter, label, amount in counted:
                self._metrics.add(counter, label, amount)
        return [*effects, *self.rules.webhooks.fresh()] if self.room.has_news else effects

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
            case RunUsed(run_id, usage):
                return self.rules.runs.used(run_id, usage)
            case RunEnded():
                return self.rules.turn_taking.ended(happening)
            case RunDeferred():
                return self.rules.deferrals.part_ended(happening)
            case Rang():
                return self._deadlines()
            case Woke():
                return [*self._disowned(), *self.rules.turn_taking.interrupt_orphans(), *self._deadlines()]

    def _deadlines(self) -> list[Effect]:
        """What is due, and when to ring for what is not. A new instance does not know when it was to be rung."""
        return [
            *self.rules.present.rang(),
            *self.rules.turn_taking.reap(),
            *self.rules.deferrals.expire(),
            *self.rules.usage.due(),
            *self.rules.webhooks.due(),
            *self._life.due(),
        ]

    def _disowned(self) -> list[Effect]:
        """Good-bye to everybody once a key of the Orchestrator was revoked: who let them in may have been a thief.

        They come back with a new token, and that has the session opened anew.
        """
        sessions = self._sockets.sessions()
        if not sessions or self._believes(self.room.session().certificate):
            return []
        return [effect for session in sessions for effect in self.rules.present.dismiss(session, 4001, REVOKED)]

    def admit(self, claims: RoutingClaims) -> None:
        """Lets a person open a socket now. Raises Forbidden, GroupArchived, TooManyRequests, InvalidCredential."""
        if self.room.status in ("archived", "deleting"):
            raise GroupArchived
        self.room.member(claims.sub)
        self.rules.present.check_place(claims.sub)
        self._atomically(lambda: self._access.enter(claims))

    def read_run(self, user_id: str, run_id: str, offset: int) -> tuple[list[str], bool]:
        """As `run_view`."""
        return run_view(self.room, user_id, run_id, offset)

    def answer(self, call: ControllerCall) -> tuple[str, list[Effect]]:
        """The text of the answer to an Orchestrator's call, and what to do. Raises ParleyError."""
        answer, effects = self._atomically(lambda: self._answer(call))
        return answer, self._with_news(effects)

    def _answer(self, call: ControllerCall) -> tuple[str, list[Effect]]:
        match call:
            case OpenSession():
                self.room.open(call)
                return _text(Done()), [*self._set_roster(call.roster), *self._life.due()]
            case SetRoster():
                covered = RosterSet(covered=self.room.certificate_covers(call.roster))
                return _text(covered), self._set_roster(call.roster)
            case ReadHistory():
                self.room.known()
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
                return _text(Done()), self._life.archive(self.room.person(call.user_id), call.reason)
            case Restore():
                self._life.restore(call)
                effects = [*self._set_roster(call.opening.roster), *self._life.due()]
                return _life(self.room.status), effects
            case DeleteGroup():
                effects = self._life.delete(call)
                return _life(self.room.status), effects
            case ErasePerson():
                return _text(Done()), self._erase(call)
            case ReadAuthored():
                self.room.known()
                self._keep_session_of(call.archive)
                authored = self.rules.messages.authored(call.user_id, call.after, call.limit)
                return _text(authored), self._life.due() if call.archive is not None else []

    def _erase(self, call: ErasePerson) -> list[Effect]:
        """Whoever is erased has left first, so that this event loses its name with the others."""
        gone = self._set_roster(call.roster) if self.room.status == "active" else []
        self._keep_session_of(call.archive)
        return [*gone, *self._erasure.erase(call), *self._life.due()]

    def _keep_session_of(self, archive: ArchivedLog | None) -> None:
        """An archived group whose log came back from the bucket has none of its own."""
        if archive is not None and self.room.status == "archived":
            self.room.keep_session(archive.opening)

    def _set_roster(self, roster: Roster) -> list[Effect]:
        """An older roster than the one that is known changes nothing."""
        if not self.room.is_news(roster):
            return []
        stopped = self.rules.turn_taking.let_go({agent.id for agent in roster.agents})
        self.rules.webhooks.roster_changes(roster)
        return [*stopped, *apply_roster(self.room, roster, self._sockets.sessions())]

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def archived(self) -> list[Effect]:
        """The archive is written, verified and known to the directory."""
        return self._atomically(self._life.archived)

    def rewritten(self, mark: str) -> list[Effect]:
        """No archive holds what was erased any more."""

        def work() -> list[Effect]:
            end_rewriting(self.room, mark)
            return self._life.settled()

        return self._atomically(work)

    def deleted(self) -> None:
        """Directory and bucket have let go of the group."""
        self._atomically(self._life.deleted)


def _life(status: str) -> str:
    return Life.model_validate({"status": status}).model_dump_json()


def _text(answer: BaseModel) -> str:
    return answer.model_dump_json()
