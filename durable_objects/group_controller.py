"""The Durable Object of one group: callbacks in, effects out.

Law: no rule, no SQL, no JSON of the protocol. Every callback does the same three steps: hand what happened to the
group, take the effects, have them run in their order. When that fails, memory is rebuilt from the journal.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from durable_objects.calls import CONTROLLER_CALL
from durable_objects.effects import Arrived, Connected, Disconnected, Happening, Rang, Woke
from durable_objects.inbox import Inbox
from durable_objects.run_readers import READ_HEADER
from durable_objects.sockets import ABNORMAL
from durable_objects.upgrade import accept_upgrade
from durable_objects.wiring import wire
from shared.edge import tracing
from shared.edge.js import now_ms
from shared.edge.refusal import refuse
from shared.edge.worker import log_of
from shared.errors import ParleyError
from shared.log import whereabouts
from shared.rpc import granted, refused
from workers import DurableObject


class GroupController(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._log = log_of("group_controller")
        parts = wire(ctx._ctx, env, self._log, self._receive)
        self._sockets, self._group = parts.sockets, parts.group
        self._caretaker, self._performer, self._metrics = parts.caretaker, parts.performer, parts.metrics
        self._inbox: Inbox[tuple[Any, str | None]] = Inbox(self._handle_frames, now_ms, _later)
        self._awake = False

    async def fetch(self, request: Any) -> Any:
        """A socket or a reader of a run, let in by the Orchestrator."""
        tracing.arrived(self._log, tracing.header_of(request.js_object), "connection")
        self._begin()
        try:
            if request.js_object.headers.has(READ_HEADER):
                return self._performer.readers.open(request.js_object, self._group)
            response, session = accept_upgrade(request.js_object, self._group, self._sockets, now_ms())
        except ParleyError as exc:
            self._metrics.add("refusal", exc.code)
            return refuse(exc)
        self._receive(Connected(session))
        return response

    async def answer(self, text: str, trace: str | None = None) -> str:
        """A call of the Orchestrator."""
        self._begin()
        try:
            call = CONTROLLER_CALL.validate_json(text)
            tracing.arrived(self._log, trace, "call", kind=call.call)
            await self._caretaker.prepare(call)
            reply, effects = self._group.answer(call)
            self._performer.run(effects)
            self._performer.run(await self._caretaker.complete(call))
        except ParleyError as exc:
            return refused(exc)
        return granted(reply)

    def webSocketMessage(self, socket: Any, message: Any) -> None:  # noqa: N802 -- a coroutine would cost 0.15 ms a frame
        self._wake()
        self._inbox.put((socket, message if isinstance(message, str) else None))

    def webSocketClose(self, socket: Any, code: int, reason: str, was_clean: bool) -> None:  # noqa: N802
        self._leave(socket, code)

    def webSocketError(self, socket: Any, error: Any) -> None:  # noqa: N802 -- the runtime's name
        self._log("socket_error", reason=str(error))
        self._leave(socket, ABNORMAL)

    async def alarm(self, *_: Any) -> None:
        """Never raises: an alarm that does is dropped by the runtime after six tries."""
        self._performer.rang()
        try:
            self._begin()
            self._receive(Rang())
        except Exception as exc:  # noqa: BLE001 -- see above
            self._performer.ring_again(exc)

    def _handle_frames(self, frames: list[tuple[Any, str | None]]) -> None:
        """One that fails is undone and costs the others nothing."""
        with self._sockets.together():
            for socket, text in frames:
                arrived = Arrived(self._sockets.session_of(socket), text)
                try:
                    self._receive(arrived)
                except Exception as exc:  # noqa: BLE001 -- see above
                    self._log("frame_failed", reason=whereabouts(exc))
                    self._performer.run(self._group.failed(arrived))

    def _begin(self) -> None:
        """Before anything but a frame is handled: what came before it is."""
        self._wake()
        self._inbox.empty()

    def _wake(self) -> None:
        if not self._awake:
            self._receive(Woke())
            self._awake = True

    def _leave(self, socket: Any, code: int) -> None:
        self._begin()
        self._receive(Disconnected(self._sockets.leave(socket, code)))

    def _receive(self, happening: Happening) -> None:
        try:
            self._performer.run(self._group.receive(happening))
        except Exception:
            self._group.room.reload()
            raise


def _later(ms: int, work: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(ms / 1000, work)
