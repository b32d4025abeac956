"""Calling the Agents Worker for a run, and telling the group what comes back.

Law: I/O only; what a run is and how it ends is decided in `runs` and `run_stream`. The Agents Worker gathers words, so
that a fast model costs a few frames, not one a word.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import js
from pyodide.ffi import JsException

from durable_objects.effects import Happening, RunDeferred, RunEnded, RunSaid, RunUsed
from durable_objects.group import Group
from durable_objects.renewal import Sessions
from durable_objects.run_stream import RunStream
from shared.clock import seconds
from shared.deadline import Deadline
from shared.edge.crypto import new_jti
from shared.edge.js import now_ms
from shared.edge.peer import BoundPeer
from shared.edge.timer import runtime_timer
from shared.edge.tracing import arrived
from shared.log import Field, Log, whereabouts
from shared.tokens import Tokens
from shared.trace import leave

SILENCE_S: Final = 30.0
_TARGET: Final = "/agents/run"
_OK: Final = 200


class AgentCalls:
    """The runs that this instance drives."""

    def __init__(
        self,
        agents: BoundPeer,
        sessions: Sessions,
        tokens: Tokens,
        group: Group,
        receive: Callable[[Happening], None],
        log: Log,
    ) -> None:
        self._agents = agents
        self._sessions = sessions
        self._tokens = tokens
        self._group = group
        self._receive = receive
        self._log = log
        self._aborts: dict[str, Any] = {}

    async def drive(self, run_id: str) -> None:
        """From the call to the run's ending, which the group is told whatever happens."""
        arrived(self._log, None, "run_started", run_id=run_id)
        stream, abort = RunStream(run_id, self._group.rules.runs.length(run_id)), js.AbortController.new()
        self._aborts[run_id] = abort
        try:
            await self._read(run_id, abort.signal, stream)
            ending = stream.closed()
        except (JsException, TimeoutError) as exc:
            self._log("run_cut", run_id=run_id, reason=f"{type(exc).__name__}: {exc}")
            ending = stream.ending or stream.cut("interrupted", "The agent could not be reached")
        except Exception as exc:  # noqa: BLE001 -- a run always ends, whatever broke; the reason is in the log
            self._log("run_broke", run_id=run_id, reason=whereabouts(exc))
            ending = stream.cut("error", "The run broke")
        self._aborts.pop(run_id, None)
        self._log("run_ended", run_id=run_id, **_figures(ending))
        leave()  # what has waited for this run is not part of it
        self._receive(ending)

    def stop(self, run_id: str) -> None:
        """Closes the call to the model, if this instance has it."""
        abort = self._aborts.pop(run_id, None)
        if abort is not None:
            abort.abort()

    async def _read(self, run_id: str, signal: Any, stream: RunStream) -> None:
        request = self._group.rules.prompts.of(run_id)
        if request is None:
            return
        body = request.encode()
        session = await self._sessions.fresh()
        signer = session.signer(self._tokens, "agents", self._agents.origin)
        headers = signer.headers("POST", _TARGET, body, now_s=seconds(now_ms()), jti=new_jti(), invocation=run_id)
        response = await self._agents.open("POST", _TARGET, headers, body, signal)
        if response.status != _OK:
            stream.ending = stream.cut("error", f"The Agents Worker answered {response.status}")
            return
        reader, silence = response.body.getReader(), Deadline(runtime_timer)
        try:
            await self._pump(run_id, reader, silence, stream)
        finally:
            silence.close()
            with suppress(JsException):  # cancelling a stream that is over already
                await reader.cancel()

    async def _pump(self, run_id: str, reader: Any, silence: Deadline, stream: RunStream) -> None:
        """Tells the group what comes in, until the ending. Raises TimeoutError when nothing comes any more."""
        told = stream.usage
        while stream.ending is None:
            with silence.within(SILENCE_S):
                piece = await reader.read()
            if piece.done:
                return
            text = stream.feed(piece.value.to_bytes())
            if text:
                self._receive(RunSaid(run_id, text))
            if stream.usage != told and stream.ending is None:
                told = stream.usage
                self._receive(RunUsed(run_id, told))


def _figures(ending: RunEnded | RunDeferred) -> dict[str, Field]:
    """What the log says of a run, or of a part of one that goes on later."""
    match ending:
        case RunEnded():
            outcome, usage = str(ending.outcome), ending.usage
        case RunDeferred():
            outcome, usage = "deferred", ending.requests.usage
    return {"outcome": outcome, "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
