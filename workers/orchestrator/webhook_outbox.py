"""The Durable Object that brings an org's events to its webhooks: one for each org, called by the org's id.

Law: wiring and time. What is due is in its database; memory only knows which webhooks are being served. Whatever
happens to an instance, the alarm is set before anything is sent, and the next one goes on.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import js
from pyodide.ffi import JsException

from durable_objects.courier import Courier
from durable_objects.outbox import Outbox, Outcome
from orchestrator.settings import OrchestratorSettings
from orchestrator.webhook_store import WebhookStore
from shared.edge.crypto import make_id
from shared.edge.d1 import D1
from shared.edge.js import now_ms
from shared.edge.object_sql import ObjectSql
from shared.edge.peer import js_request
from shared.edge.tracing import arrived
from shared.edge.worker import Environment, log_of
from shared.errors import ParleyError
from shared.log import whereabouts
from shared.rpc import granted, refused
from shared.webhooks import OUTBOX_CALL, Accept, Erase, Forget, OutboxCall, ReadDeliveries, Replay, Withhold
from workers import DurableObject

RETRY_MS: Final = 5_000
_MS: Final = 1_000
_STEPS: Final = 1_000_000
_TIMED_OUT: Final = ("TimeoutError", "AbortError")


def _random() -> float:
    return secrets.randbelow(_STEPS) / _STEPS


class FetchPost:
    """The port `Post` over the runtime's fetch."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        signal = js.AbortSignal.timeout(self._timeout_ms)
        try:
            response = await js.fetch(js_request(url, "POST", headers, body, signal=signal, redirect="manual"))
        except JsException as exc:
            return Outcome(None, "timeout" if getattr(exc, "name", "") in _TIMED_OUT else "unreachable")
        with suppress(JsException):  # what it said has counted, however its line breaks
            if response.body:
                await response.body.cancel()
        return Outcome(response.status)


class WebhookOutbox(DurableObject):
    def __init__(self, ctx: Any, env: Any) -> None:
        super().__init__(ctx, env)
        self._storage = ctx._ctx.storage
        self._log = log_of("webhook_outbox")
        environment = Environment(env)
        settings = OrchestratorSettings.load(environment.text)
        self._safety_ms = settings.webhook_timeout_s * _MS + RETRY_MS
        self._outbox = Outbox(
            ObjectSql(self._storage), [wait_s * _MS for wait_s in settings.webhook_retries_s], make_id, _random
        )
        self._webhooks = WebhookStore(D1(environment.binding("DB")))
        post = FetchPost(settings.webhook_timeout_s * _MS)
        self._courier = Courier(self._outbox, self._webhooks, post, now_ms, self._log)
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, text: str, trace: str | None = None) -> str:
        """A call of a group or of the App, as a value: RPC loses an exception's class."""
        try:
            call = OUTBOX_CALL.validate_json(text)
            arrived(self._log, trace, "call", kind=call.call)
            reply = await self._answer(call)
        except ParleyError as exc:
            return refused(exc)
        self._go_on()
        return granted(reply)

    async def _answer(self, call: OutboxCall) -> str:
        match call:
            case Accept():
                self._outbox.accept(call, await self._webhooks.subscribers(call.org_id, call.group_id), now_ms())
                return "null"
            case ReadDeliveries():
                return self._outbox.page(call).model_dump_json()
            case Replay():
                return self._outbox.replay(call, now_ms()).model_dump_json()
            case Forget():
                self._outbox.forget(call.webhook_id)
                return "null"
            case Erase():
                self._outbox.erase(call.user_id)
                return "null"
            case Withhold():
                self._outbox.withhold(call.webhook_id)
                return "null"

    async def alarm(self, *_: Any) -> None:
        """Never raises: an alarm that does is dropped by the runtime after six tries."""
        try:
            self._outbox.prune(now_ms())
            self._go_on()
        except Exception as exc:  # noqa: BLE001 -- see above
            self._log("alarm_failed", reason=whereabouts(exc))
            self._storage.setAlarm(now_ms() + RETRY_MS)

    def _go_on(self) -> None:
        """Serves what is due, and is rung for the rest."""
        for webhook_id in self._courier.idle_due():
            self._courier.busy.add(webhook_id)
            task = asyncio.ensure_future(self._serve(webhook_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._ring()

    async def _serve(self, webhook_id: str) -> None:
        try:
            await self._courier.serve(webhook_id)
        except Exception as exc:  # noqa: BLE001 -- nobody waits for this: the alarm that is set tries again
            self._log("webhook_not_served", webhook_id=webhook_id, reason=whereabouts(exc))
            return
        self._ring()

    def _ring(self) -> None:
        """What is being served is looked after by whoever serves it, or by the alarm when that one is gone."""
        times = [self._outbox.next_ms(self._courier.busy)]
        times += [now_ms() + self._safety_ms] if self._courier.busy else []
        known = [at_ms for at_ms in times if at_ms is not None]
        if known:
            self._storage.setAlarm(min(known))
        else:
            self._storage.deleteAlarm()
