"""The Durable Object that runs one turn of `/agents/run-stream` and keeps its events, and the way to it.

Law: wiring only; what is kept and for whom is `tape`'s. The turn runs here, not in the request that asked for it, which
is why it survives that one's line. After KEPT_MS everything is gone.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Any

import js
from pyodide.ffi import JsException

from agents.providers.edge_fetch import chunks_of
from agents.recordings import tape_name
from agents.run import turn
from agents.stage import build_stage
from agents.tape import KEPT_MS, Tape
from shared.agent_api import AgentRunRequest
from shared.edge.asgi import serve
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from shared.edge.peer import js_request
from shared.edge.worker import Environment
from shared.errors import NotFound, Unavailable
from shared.log import Log, whereabouts
from shared.streaming import Closing, gathered
from workers import DurableObject

_AFTER = "X-After"
_ADDRESS = "https://run-buffer.internal/"
_MEDIA_TYPE = "text/event-stream"


class RunBuffer(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._ctx = ctx._ctx
        self._environment = Environment(env)
        self._log = Log(js.console.log, now_ms, "run_buffer")
        self._kept: Tape | None = None
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def _tape(self) -> Tape:
        self._kept = self._kept or Tape(ObjectSql(self._ctx.storage), now_ms)
        return self._kept

    async def fetch(self, request: Any) -> Any:
        """The events after number X-After, for a request that the Worker has verified."""
        raw = request.js_object
        body = AgentRunRequest.model_validate_json(await raw.text())
        after, run_id = int(raw.headers.get(_AFTER)), body.context.run_id
        if self._tape.was_cut:
            self._tape.cut(run_id)
        try:
            frames = self._tape.begin_reading(after)
        except NotFound:
            return js.Response.new(None, js.JSON.parse('{"status": 404}'))
        if self._tape.is_blank:
            # At once: another request for the same run may come while this one waits.
            self._tape.begin()
            # Whatever becomes of the run, its tape does not stay.
            await self._ctx.storage.setAlarm(now_ms() + 2 * KEPT_MS)
            self._go_on(self._record(body))
        return await serve(Closing(gathered(frames, "".join, ":\n\n"), media_type=_MEDIA_TYPE), raw, self._go_on)

    async def alarm(self, *_: Any) -> None:
        if self._tape.is_running:
            await self._ctx.storage.setAlarm(now_ms() + KEPT_MS)
            return
        self._kept = None
        await self._ctx.storage.deleteAll()

    async def _record(self, body: AgentRunRequest) -> None:
        try:
            await self._tape.record(body.context.run_id, turn(body, build_stage(self._environment, self._log)))
        except Exception as exc:  # noqa: BLE001 -- the storage may fail in any way; whoever reads comes back to a run that was cut
            self._log("run_lost", run_id=body.context.run_id, reason=whereabouts(exc))
            self._ctx.abort("the run could not be kept")
            return
        await self._ctx.storage.setAlarm(now_ms() + KEPT_MS)

    def _go_on(self, work: Awaitable[None]) -> None:
        """After the callback has returned. Not the raw `waitUntil`: Pyodide ends a coroutine handed to JavaScript."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class ObjectRecordings:
    """`Recordings` over the Durable Objects."""

    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    async def open(self, request: AgentRunRequest, after: int) -> AsyncGenerator[bytes]:
        headers = {_AFTER: str(after)}
        abort = js.AbortController.new()
        asked = js_request(_ADDRESS, "POST", headers, request.model_dump_json().encode(), signal=abort.signal)
        try:
            response = await self._raw.getByName(tape_name(request)).fetch(asked)
        except JsException as exc:
            raise Unavailable(reason=f"run buffer: {exc}") from exc
        if response.status == 404:
            raise NotFound("There is no such event of this run, or it is no longer kept")
        return _passed_on(response.body, abort)


async def _passed_on(body: Any, abort: Any) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(chunks_of(body)) as chunks:
            async for chunk in chunks:
                yield chunk
    finally:
        abort.abort()
