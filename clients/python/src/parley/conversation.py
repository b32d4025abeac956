"""One client's side of `groupchat.v1`: frames in, effects out.

Law: no I/O, no time, no chance. The edge feeds every frame it receives into `receive`, runs the effects that come out
in their order, and says when a connection began and ended. That a reader gets every event once, in order and without a
hole is decided here and nowhere else.

    away ── connected() ──▶ greeting ── HelloOk ──▶ live
      ▲                        │                      │
      └── disconnected(), or a `Leave` that it asked for
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from parley.decode import decode
from parley.echoes import Echoes
from parley.errors import CommandRefused, Undecodable
from parley.events import Event, Item, Presence, Reset, RunDelta, Snapshot, TypingNow, event_of
from parley.reconnect import RESYNC
from parley.replies import HelloOk, refusal_of
from parley.roster import Roster
from parley.runs import Gap, Runs

FRAME_LIMIT_BYTES: Final = 64 * 1024
_HELLO_ID: Final = 1


@dataclass(frozen=True, slots=True)
class Command:
    """Repeated on the next connection until it is answered, because every command sets a state or reads one, and `send`
    carries its `client_msg_id`: once and twice are the same. A fleeting one is true now or never, and not repeated."""

    name: str
    body: Mapping[str, Any] = field(default_factory=dict)
    fleeting: bool = False


@dataclass(frozen=True, slots=True)
class Emit:
    item: Item


@dataclass(frozen=True, slots=True)
class Answer:
    frame_id: int
    answer: Mapping[str, Any] | CommandRefused


@dataclass(frozen=True, slots=True)
class Transmit:
    text: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Close this connection; come back when `reconnect`."""

    code: int
    reason: str
    reconnect: bool
    retry_after_ms: int = 0


Effect = Emit | Answer | Transmit | Leave


@dataclass(slots=True)
class Counters:
    """What went by unseen: `duplicates` were dropped, `resyncs` are holes that were mended by reconnecting."""

    reconnects: int = 0
    resyncs: int = 0
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class _Bye:
    code: int
    reason: str
    reconnect: bool


@dataclass(frozen=True, slots=True)
class _Pending:
    command: Command
    text: str


class Conversation:
    def __init__(self, *, since: int | None = None, epoch: str | None = None) -> None:
        """`since` and `epoch` are those of the last event already seen; without them, from now on."""
        self.position = since
        self.epoch = epoch
        self.roster: Roster | None = None
        self.runs = Runs()
        self.echoes = Echoes()
        self.counters = Counters()
        self.retry_after_ms = 0
        self._phase: Literal["away", "greeting", "live"] = "away"
        self._roster_at = 0
        self._last_id = _HELLO_ID
        self._pending: dict[int, _Pending] = {}

    @property
    def live(self) -> bool:
        return self._phase == "live"

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> str:
        """The first frame of a new connection."""
        self._phase = "greeting"
        self.retry_after_ms = 0
        hello = {"since": self.position, "epoch": self.epoch, "runs": self.runs.offsets()}
        return _frame(_HELLO_ID, "hello", {key: value for key, value in hello.items() if value is not None})

    def disconnected(self) -> list[Effect]:
        self._phase = "away"
        gone = [frame_id for frame_id, pending in self._pending.items() if pending.command.fleeting]
        return [effect for frame_id in gone for effect in self._settle(frame_id, {})]

    # ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, command: Command) -> tuple[int, list[Effect]]:
        """The id under which the answer will come. Raises CommandRefused when the command can never be accepted."""
        self._last_id += 1
        frame_id, text = self._last_id, _frame(self._last_id, command.name, command.body)
        _check_sendable(text)
        self._pending[frame_id] = _Pending(command, text)
        if self.live:
            return frame_id, [Transmit(text)]
        return frame_id, self._settle(frame_id, {}) if command.fleeting else []

    def forget(self, frame_id: int) -> None:
        """Nobody waits for this answer any more: do not repeat the command."""
        self._pending.pop(frame_id, None)

    def _settle(self, frame_id: int, answer: Mapping[str, Any] | CommandRefused) -> list[Effect]:
        return [Answer(frame_id, answer)] if self._pending.pop(frame_id, None) else []

    # ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def receive(self, text: str) -> list[Effect]:
        """Takes one text frame: an object, or an array of them."""
        effects: list[Effect] = []
        try:
            for value in _values(text):
                if self._phase != "away":
                    effects += self._take(value)
        except Undecodable:
            effects += self._resync("unreadable frame")
        return effects

    def _take(self, value: Mapping[str, Any]) -> list[Effect]:
        if "type" not in value:
            return self._reply(value)
        if value["type"] == "bye":
            bye = decode(_Bye, value)
            return self._leave(bye.code, bye.reason, reconnect=bye.reconnect)
        if not self.live:
            return self._resync("event before hello")
        if "seq" in value:
            return self._event(event_of(value))
        return self._passing(value)

    def _event(self, event: Event) -> list[Effect]:
        last = self.position or 0
        if event.epoch == self.epoch and event.seq <= last:
            self.counters.duplicates += 1
            return []
        if event.epoch != self.epoch or event.seq > last + 1:
            return self._resync("a hole in the log")
        self.position = event.seq
        self.runs.apply(event)
        if self.roster is not None:
            self.echoes.apply(event, self.roster.you.id)
            if event.seq > self._roster_at:
                self.roster = self.roster.after(event)
        return [Emit(event)]

    def _passing(self, value: Mapping[str, Any]) -> list[Effect]:
        match value["type"]:
            case "run.delta":
                return self._delta(decode(RunDelta, value))
            case "typing":
                return [Emit(decode(TypingNow, value))]
            case "presence":
                presence = decode(Presence, value)
                self.roster = self.roster and self.roster.seeing(presence)
                return [Emit(presence)]
            case _:
                return []

    def _delta(self, delta: RunDelta) -> list[Effect]:
        try:
            fresh = self.runs.take(delta)
        except Gap:
            return self._resync("a hole in a run")
        return [] if fresh is None else [Emit(fresh)]

    # ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _reply(self, value: Mapping[str, Any]) -> list[Effect]:
        frame_id = value.get("id")
        answer = refusal_of(value["error"]) if "error" in value else value.get("ok")
        if isinstance(answer, CommandRefused):
            self.retry_after_ms = answer.retry_after_ms or 0
        elif not isinstance(answer, Mapping):
            raise Undecodable("a reply is ok or error")
        if frame_id == _HELLO_ID:
            return self._greeted(answer)
        if frame_id is None:
            return self._unreadable(answer)
        if not isinstance(frame_id, int):
            raise Undecodable("a reply has an integer id")
        return self._settle(frame_id, answer)

    def _unreadable(self, answer: Mapping[str, Any] | CommandRefused) -> list[Effect]:
        """The server could not tell which frame this answers, so it answers all that are under way."""
        return [effect for frame_id in tuple(self._pending) for effect in self._settle(frame_id, answer)]

    def _greeted(self, answer: Mapping[str, Any] | CommandRefused) -> list[Effect]:
        if self._phase != "greeting":
            raise Undecodable("hello was answered twice")
        if isinstance(answer, CommandRefused):
            return self._leave(RESYNC, answer.code, reconnect=answer.temporary)
        hello = decode(HelloOk, answer)
        self._phase = "live"
        self.roster, self._roster_at = Roster.of(hello), hello.head
        return [*self._resume(hello), *(Transmit(pending.text) for pending in self._pending.values())]

    def _resume(self, hello: HelloOk) -> list[Effect]:
        fresh_start = self.position is None
        continued = hello.recovered and not fresh_start and self.epoch in {None, hello.epoch}
        self.epoch = hello.epoch
        if continued:
            self.runs.announce(hello.runs)
            return []
        snapshot = hello.snapshot or Snapshot(hello.head)
        self.position = snapshot.seq
        self.runs.restart(hello.runs, snapshot)
        self.echoes.restart(snapshot.seq)
        return [] if fresh_start and hello.snapshot is None else [Emit(Reset(snapshot))]

    # ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _resync(self, reason: str) -> list[Effect]:
        self.counters.resyncs += 1
        return self._leave(RESYNC, reason, reconnect=True)

    def _leave(self, code: int, reason: str, *, reconnect: bool) -> list[Effect]:
        self._phase = "away"
        return [Leave(code, reason, reconnect, self.retry_after_ms)]


def _frame(frame_id: int, name: str, body: Mapping[str, Any]) -> str:
    return json.dumps({"id": frame_id, name: body}, ensure_ascii=False, separators=(",", ":"))


def _check_sendable(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as exc:
        raise CommandRefused("invalid_body", "The text holds half of a surrogate pair", temporary=False) from exc
    if size > FRAME_LIMIT_BYTES:
        raise CommandRefused("too_large", f"A frame is at most {FRAME_LIMIT_BYTES} bytes", temporary=False)


def _values(text: str) -> Iterator[Mapping[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise Undecodable("not JSON") from exc
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping):
            raise Undecodable("not an object")
        yield item
