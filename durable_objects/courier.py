"""Bringing what lies in an outbox to the webhooks it is for.

Law: pure. One round at a time for each webhook, so that a slow one delays nobody else; a try that fails is the
outbox's to repeat. Whoever answers 410 wants nothing more.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from durable_objects.outbox import Outbox, Outcome, Parcel, Subscriber
from shared.clock import Clock
from shared.errors import ParleyError
from shared.log import Log
from shared.webhooks import signed_headers

AT_ONCE: Final = 4
RETRY_MS: Final = 5_000
_GONE: Final = 410


@dataclass(frozen=True)
class Webhook:
    url: str
    secret: str
    is_enabled: bool


class Webhooks(Protocol):
    """The directory's webhooks. All methods raise Unavailable."""

    async def subscribers(self, org_id: str, group_id: str) -> list[Subscriber]:
        """Of the org, as they may hear of this group."""
        ...

    async def webhook(self, webhook_id: str) -> Webhook | None:
        """None when it was deleted."""
        ...

    async def disable(self, webhook_id: str) -> None: ...


class Post(Protocol):
    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Never raises: no answer is an outcome, too. Redirects are not followed."""
        ...


class Courier:
    def __init__(self, outbox: Outbox, webhooks: Webhooks, post: Post, clock: Clock, log: Log) -> None:
        self._outbox = outbox
        self._webhooks = webhooks
        self._post = post
        self._clock = clock
        self._log = log
        self.busy: set[str] = set()

    def idle_due(self) -> list[str]:
        """The webhooks that something is due for and nobody serves."""
        return [webhook_id for webhook_id in self._outbox.due(self._clock()) if webhook_id not in self.busy]

    async def serve(self, webhook_id: str) -> None:
        """Until nothing is due for this webhook any more."""
        self.busy.add(webhook_id)
        try:
            while parcels := self._outbox.parcels(webhook_id, self._clock(), AT_ONCE):
                await self._round(webhook_id, parcels)
        except ParleyError as exc:
            self._log("webhook_unknown", webhook_id=webhook_id, code=exc.code, reason=exc.reason)
            self._outbox.postpone(webhook_id, self._clock() + RETRY_MS)
        finally:
            self.busy.discard(webhook_id)

    async def _round(self, webhook_id: str, parcels: list[Parcel]) -> None:
        webhook = await self._webhooks.webhook(webhook_id)
        if webhook is None:
            self._outbox.forget(webhook_id)
            return
        if not webhook.is_enabled:
            self._outbox.give_up(webhook_id, "disabled", self._clock())
            return
        outcomes = await asyncio.gather(*(self._bring(webhook, parcel) for parcel in parcels))
        for parcel, outcome in zip(parcels, outcomes, strict=True):
            self._outbox.settle(parcel.delivery_id, outcome, self._clock())
        if any(outcome.status == _GONE for outcome in outcomes):
            self._log("webhook_gone", webhook_id=webhook_id)
            await self._webhooks.disable(webhook_id)
            self._outbox.give_up(webhook_id, "gone", self._clock())

    async def _bring(self, webhook: Webhook, parcel: Parcel) -> Outcome:
        body = parcel.body.encode()
        headers = signed_headers(webhook.secret, parcel.message_id, body, self._clock)
        return await self._post(webhook.url, headers, body)
