"""The sockets of one group: hibernating WebSockets, and who sits at each.

Law: no rule. What a socket must know through hibernation lies in its attachment; a dead or slow socket never stops the
others. A broadcast is one crossing of the border (`audience`). Under load what piles up shares a frame, which costs one
send a socket rather than one a message (`pacing`).
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import js
from pyodide.ffi import JsException

from durable_objects.audience import Audience
from durable_objects.effects import Session
from durable_objects.joining import joined
from durable_objects.pacing import Pacing
from shared.clock import Clock
from shared.metrics import UNCOUNTED, Metrics

GATHER_LIMIT: Final = 200
ABNORMAL: Final = 1006
"""RFC 6455, section 7.4.1: gone without a close frame."""
UNREAD_LIMIT_BYTES: Final = 1024 * 1024
LOOK_EVERY_CHARS: Final = 128 * 1024


@dataclass
class _Seat:
    """An open socket, its bound `send`, and who sits there."""

    socket: Any
    send: Any
    session: Session


class Sockets:
    """`ctx` is the raw JavaScript DurableObjectState; `stalled` hears of sockets that do not read."""

    def __init__(
        self, ctx: Any, stalled: Callable[[Session], None], clock: Clock, metrics: Metrics = UNCOUNTED
    ) -> None:
        self._ctx = ctx
        self._clock = clock
        self._metrics = metrics
        self._stalled = stalled
        self._open: dict[str, _Seat] = {}
        self._by_js_id: dict[int, _Seat] = {}
        self._audience = Audience()
        self._pacing = Pacing()
        self._gathered: list[str] = []
        # Whether there is something patient in what has gathered, and something that is not.
        self._patient = self._impatient = False
        self._together = self._flush_is_due = False
        self._unlooked_chars = 0
        # Keep-alives are answered by the runtime, without waking the object.
        ctx.setWebSocketAutoResponse(js.WebSocketRequestResponsePair.new("ping", "pong"))
        for socket in ctx.getWebSockets():
            session = self.session_of(socket)
            if not session.ended:
                self._seat(socket, session)

    def sessions(self) -> list[Session]:
        return [seat.session for seat in self._open.values()]

    def session_of(self, socket: Any) -> Session:
        """What the socket's attachment remembers; while its object is in memory, without asking it."""
        seat = self._by_js_id.get(socket.js_id)
        return seat.session if seat is not None else Session(**json.loads(socket.deserializeAttachment()))

    def accept(self, socket: Any, session: Session) -> None:
        self._ctx.acceptWebSocket(socket)
        self._seat(socket, session)
        self.remember(session)
        self._metrics.add("socket_opened")

    def _seat(self, socket: Any, session: Session) -> None:
        seat = _Seat(socket, socket.send, session)
        self._open[session.socket_id] = seat
        # An id is that of one JavaScript object as long as something holds it, and the seat does.
        self._by_js_id[socket.js_id] = seat
        if session.ready:
            self._audience.add(session.socket_id, socket)

    def remember(self, session: Session) -> None:
        """Also what was gathered goes out first: a socket that is registered now has had it in its replay."""
        self.flush()
        seat = self._open.get(session.socket_id)
        if seat is not None:
            _attach(seat.socket, session)
            seat.session = session
            if session.ready:
                self._audience.add(session.socket_id, seat.socket)

    def leave(self, socket: Any, code: int) -> Session:
        """The socket is closing: answer its close, without which the client waits, and say who sat there.

        One that the server has closed was counted then, under its own code.
        """
        session = self.session_of(socket)
        self._forget(session)
        if not session.ended:
            self._metrics.add("socket_closed", str(code))
        with suppress(JsException):  # closed on both sides already
            socket.close(1000, "")
        return session

    def tell(self, socket_id: str, text: str) -> None:
        seat = self._open.get(socket_id)
        if seat is not None:
            with suppress(JsException):  # it closed a moment ago; its close event follows
                seat.send(text)

    def tell_all(self, text: str, but: str | None, *, patient: bool = False) -> None:
        """What is not patient does not wait for what is."""
        if but is not None:
            self.flush()
            self._told(text, self._audience.tell_all_but(but, text), patient=patient)
            return
        is_first = not self._gathered or not (patient or self._impatient)
        self._gathered.append(text)
        self._patient = self._patient or patient
        self._impatient = self._impatient or not patient
        if not self._together and (is_first or len(self._gathered) >= GATHER_LIMIT):
            self._flush_in_time()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What everybody is told in here goes out with each other."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
            if self._gathered:
                self._flush_in_time()

    def _flush_in_time(self) -> None:
        if len(self._gathered) >= GATHER_LIMIT:
            self.flush()
        elif wait_ms := self._pacing.wait_ms(self._clock(), patient=not self._impatient):
            if not self._flush_is_due:
                self._flush_is_due = True
                asyncio.get_running_loop().call_later(wait_ms / 1000, self.flush)
        else:
            self.flush()

    def flush(self) -> None:
        """Sends what has gathered, in as few frames as clients take."""
        self._flush_is_due = False
        if self._gathered:
            texts, self._gathered = self._gathered, []
            patient, self._patient, self._impatient = self._patient, False, False
            for frame in joined(texts):
                self._told(frame, self._audience.tell(frame), patient=patient)

    def close(self, socket_id: str, code: int, reason: str) -> None:
        """From now on nothing reaches this socket, and nothing it says counts."""
        self.flush()
        seat = self._open.get(socket_id)
        if seat is not None:
            with suppress(JsException):  # closed already
                _attach(seat.socket, replace(seat.session, expires_ms=0))
                seat.socket.close(code, reason)
            self._forget(seat.session)
            self._metrics.add("socket_closed", str(code))

    def _told(self, text: str, dead: str | None, *, patient: bool) -> None:
        if dead is not None:
            self._forget(self._open[dead].session)
        self._pacing.sent(len(self._audience), self._clock(), patient=patient)
        self._unlooked_chars += len(text)
        if self._unlooked_chars >= LOOK_EVERY_CHARS:
            self._unlooked_chars = 0
            self._look_for_the_slow()

    def _look_for_the_slow(self) -> None:
        """`bufferedAmount` is what the runtime has not passed on yet.

        Where a Worker proxies the socket, workerd (2026-11) passes everything on at once and queues it there unseen.
        """
        for seat in self._open.values():
            if seat.socket.bufferedAmount > UNREAD_LIMIT_BYTES:
                asyncio.get_running_loop().call_soon(self._stalled, seat.session)

    def _forget(self, session: Session) -> None:
        seat = self._open.pop(session.socket_id, None)
        if seat is not None:
            self._by_js_id.pop(seat.socket.js_id, None)
            self._audience.remove(session.socket_id)


def _attach(socket: Any, session: Session) -> None:
    socket.serializeAttachment(json.dumps(asdict(session)))
