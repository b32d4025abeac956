"""Running effects: what a group wants done, done in its order.

Law: no rule. Work that takes time goes on by itself; an object's pending I/O keeps it in memory.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from durable_objects.agent_calls import AgentCalls
from durable_objects.caretaker import Caretaker
from durable_objects.effects import (
    Close,
    Effect,
    HandOver,
    KeepSession,
    Remember,
    ReportUsage,
    RingAt,
    SettleLife,
    StartRun,
    StopRun,
    Tell,
    TellAll,
    TellReaders,
)
from durable_objects.run_readers import RunReaders
from durable_objects.sockets import Sockets
from shared.edge.js import now_ms
from shared.errors import ParleyError
from shared.log import Log, whereabouts

RETRY_MS: Final = 5_000


class Performer:
    """`storage` is the raw JavaScript DurableObjectStorage, for its alarm."""

    def __init__(self, storage: Any, sockets: Sockets, calls: AgentCalls, caretaker: Caretaker, log: Log) -> None:
        self.readers = RunReaders()
        self._storage = storage
        self._sockets = sockets
        self._calls = calls
        self._caretaker = caretaker
        self._log = log
        self._ring_at_ms: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Tell(socket_id, text):
                    self._sockets.tell(socket_id, text)
                case TellAll(text, but, patient):
                    self._sockets.tell_all(text, but, patient=patient)
                case TellReaders(run_id, text, is_last):
                    self.readers.tell(run_id, text, is_last=is_last)
                case Remember(session):
                    self._sockets.remember(session)
                case Close(socket_id, code, reason):
                    self._sockets.close(socket_id, code, reason)
                case StartRun(run_id):
                    self._begin(self._calls.drive(run_id))
                case StopRun(run_id):
                    self._calls.stop(run_id)
                case RingAt(at_ms):
                    self._ring_at(at_ms)
                case SettleLife():
                    self._begin(self._or_log(self._settle()))
                case ReportUsage():
                    self._begin(self._or_log(self._caretaker.report_usage()))
                case HandOver():
                    self._begin(self._or_log(self._caretaker.hand_over()))
                case KeepSession():
                    self._begin(self._or_log(self._caretaker.keep_session()))

    def rang(self) -> None:
        """The alarm has gone off: none is set now."""
        self._ring_at_ms = None

    def ring_again(self, exc: Exception) -> None:
        """What the alarm was for did not succeed."""
        self._log("alarm_failed", reason=whereabouts(exc))
        self._ring_at(now_ms() + RETRY_MS)

    async def _settle(self) -> None:
        self.run(await self._caretaker.settle())

    async def _or_log(self, work: Coroutine[Any, Any, None]) -> None:
        """Nobody waits for this; the alarm tries again."""
        try:
            await work
        except ParleyError as exc:
            self._log("group_work_failed", code=exc.code, reason=exc.reason)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _ring_at(self, at_ms: int) -> None:
        if self._ring_at_ms is None or at_ms < self._ring_at_ms:
            self._ring_at_ms = at_ms
            self._storage.setAlarm(at_ms)
