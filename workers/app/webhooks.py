"""Webhooks of an org: where its own servers are told what happens, and what became of each delivery."""

from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.api import Change, Model, Name, PageQuery, PersonCall, endpoints, next_cursor, require_admin, require_owner
from app.members import Done
from app.rosters import renew_rosters
from app.webhook_address import LIMIT_CHARS, fault_of
from app.webhook_store import WEBHOOKS_LIMIT, WebhookRow
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.webhooks import (
    SUBSCRIBABLE,
    Delivery,
    DeliveryState,
    EventName,
    Forget,
    ReadDeliveries,
    Replay,
    Withhold,
    new_secret,
)


def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


Url = Annotated[str, StringConstraints(min_length=1, max_length=LIMIT_CHARS)]
Events = Annotated[tuple[EventName, ...], Field(min_length=1, max_length=len(SUBSCRIBABLE)), AfterValidator(_in_order)]


class NewWebhook(Model):
    """`events` are types of events of the log, such as `message.created`.

    With `include_private` the webhook is told what is said in private groups, too; that takes an owner of the org.
    """

    url: Url
    events: Events
    label: Name
    include_private: bool = False


class WebhookChange(Change):
    """What is left out stays as it is."""

    url: Url | None = None
    events: Events | None = None
    label: Name | None = None
    enabled: bool | None = None
    include_private: bool | None = None


class WebhookRecord(Model):
    """`enabled` is false after a PATCH that said so, and after an answer of 410. `private_by` is the owner who had it
    told what is said in private groups, `private_since` when.
    """

    id: str
    label: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    created_at: str
    include_private: bool
    private_by: str | None
    private_since: str | None


class WebhookCreated(Model):
    """`secret` signs what is sent, and is never shown again. When `told` is false, some groups do not know yet that
    somebody listens: any PATCH of the webhook tells them again.
    """

    webhook: WebhookRecord
    secret: str
    told: bool


class WebhooksPage(Model):
    webhooks: tuple[WebhookRecord, ...]
    next: str | None


class DeliveriesQuery(PageQuery):
    """`after` is the `next` of the page before."""

    state: DeliveryState | None = None


class DeliveriesPage(Model):
    deliveries: tuple[Delivery, ...]
    next: str | None


@endpoints.add(
    "POST", "/webhooks", auth="person", status=201, errors=(InvalidCredential, Forbidden, Conflict, InvalidBody)
)
async def create_webhook(call: PersonCall, body: NewWebhook) -> WebhookCreated:
    """Have a server of your org told of events in all its groups, from now on. Owners and admins.

    Of private groups it is told that something happened, and no word of it, unless an owner wants otherwise.
    """
    require_admin(call.caller)
    _check_address(call, body.url)
    ports, secret = call.ports, new_secret(call.ports.random_bytes)
    row = WebhookRow(ports.make_id("whk"), body.label, body.url, body.events, enabled=True, created_at=ports.now())
    if body.include_private:
        require_owner(call.caller)
        row = _private(call, row)
    if not await ports.webhooks.create(call.caller.org_id, row, secret):
        raise Conflict(f"An org has at most {WEBHOOKS_LIMIT} webhooks")
    try:
        await _tell_groups(call)
    except Unavailable:  # each group that was not told is in the log; whoever asked must get the secret all the same
        return WebhookCreated(webhook=_record(row), secret=secret, told=False)
    return WebhookCreated(webhook=_record(row), secret=secret, told=True)


@endpoints.add("GET", "/webhooks", auth="person", errors=(InvalidCredential, Forbidden, InvalidBody))
async def list_webhooks(call: PersonCall, query: PageQuery) -> WebhooksPage:
    """The webhooks of your org. Owners and admins."""
    require_admin(call.caller)
    rows = await call.ports.webhooks.page(call.caller.org_id, query.after, query.limit + 1)
    cursor = next_cursor([row.id for row in rows], query.limit)
    return WebhooksPage(webhooks=tuple(_record(row) for row in rows[: query.limit]), next=cursor)


@endpoints.add("GET", "/webhooks/{webhook_id}", auth="person", errors=(InvalidCredential, Forbidden, NotFound))
async def read_webhook(call: PersonCall) -> WebhookRecord:
    """A webhook of your org. Owners and admins."""
    return _record(await _find(call))


@endpoints.add(
    "PATCH",
    "/webhooks/{webhook_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable),
)
async def change_webhook(call: PersonCall, body: WebhookChange) -> WebhookRecord:
    """Change a webhook; its secret stays. Owners and admins."""
    before = await _find(call)
    if body.url is not None:
        _check_address(call, body.url)
    call.require_unchanged(_record(before))
    after = _changed(call, before, body)
    if not await call.ports.webhooks.change(call.caller.org_id, before, after):
        raise call.overtaken()
    if body.include_private is False:
        await call.ports.outbox.let_go(call.caller.org_id, Withhold(webhook_id=after.id))
    await _tell_groups(call)
    return _record(after)


def _changed(call: PersonCall, before: WebhookRow, body: WebhookChange) -> WebhookRow:
    """Raises Forbidden: where the words of private groups go, and that they do, is for owners; stopping it is not."""
    changes = body.changes()
    private = changes.pop("include_private", before.private_by is not None)
    after = replace(before, **changes)
    if private and before.private_by is None:
        after = _private(call, after)
    elif not private:
        after = replace(after, private_by=None, private_at=None)
    if (before.private_by or after.private_by) and after != replace(before, enabled=False):
        require_owner(call.caller)
    return after


def _private(call: PersonCall, webhook: WebhookRow) -> WebhookRow:
    call.ports.log("webhook_told_private", webhook_id=webhook.id, by=call.caller.id)
    return replace(webhook, private_by=call.caller.id, private_at=call.ports.now())


@endpoints.add(
    "DELETE", "/webhooks/{webhook_id}", auth="person", errors=(InvalidCredential, Forbidden, NotFound, Unavailable)
)
async def delete_webhook(call: PersonCall) -> Done:
    """Delete a webhook, and all that was still to be delivered to it. Owners and admins."""
    webhook = await _find(call)
    await call.ports.outbox.let_go(call.caller.org_id, Forget(webhook_id=webhook.id))
    await call.ports.webhooks.delete(call.caller.org_id, webhook.id)
    try:
        await _tell_groups(call)
    except Unavailable as exc:
        # A group that does not know hands over what nobody takes, until its roster is read again.
        call.ports.log("webhook_deleted_untold", webhook_id=webhook.id, reason=exc.reason)
    return Done()


@endpoints.add(
    "GET",
    "/webhooks/{webhook_id}/deliveries",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable),
)
async def list_deliveries(call: PersonCall, query: DeliveriesQuery) -> DeliveriesPage:
    """What is waiting, what failed, and what was delivered in the last day, oldest first. Owners and admins."""
    webhook = await _find(call)
    asked = ReadDeliveries(webhook_id=webhook.id, state=query.state, after=query.after, limit=query.limit + 1)
    found = await call.ports.outbox.page(call.caller.org_id, asked)
    cursor = next_cursor([one.id for one in found], query.limit)
    return DeliveriesPage(deliveries=found[: query.limit], next=cursor)


@endpoints.add(
    "POST",
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, Unavailable),
)
async def replay_delivery(call: PersonCall) -> Delivery:
    """Try a delivery again now, and then as often as a new one. Owners and admins."""
    webhook = await _find(call)
    asked = Replay(webhook_id=webhook.id, delivery_id=call.path["delivery_id"])
    return await call.ports.outbox.replay(call.caller.org_id, asked)


async def _find(call: PersonCall) -> WebhookRow:
    """Raises Forbidden for whoever does not run the org, whatever they ask for; NotFound."""
    require_admin(call.caller)
    webhook = await call.ports.webhooks.webhook(call.caller.org_id, call.path["webhook_id"])
    if webhook is None:
        raise NotFound("There is no such webhook in your org")
    return webhook


def _check_address(call: PersonCall, url: str) -> None:
    fault = fault_of(url, is_local=call.ports.settings.environment == "local")
    if fault is not None:
        raise InvalidBody(f"url: {fault}")


async def _tell_groups(call: PersonCall) -> None:
    """Raises Unavailable when not all of them could be told."""
    await renew_rosters(call.ports, await call.ports.webhooks.open_groups(call.caller.org_id))


def _record(row: WebhookRow) -> WebhookRecord:
    return WebhookRecord(
        id=row.id,
        label=row.label,
        url=row.url,
        events=row.events,
        enabled=row.enabled,
        created_at=row.created_at,
        include_private=row.private_by is not None,
        private_by=row.private_by,
        private_since=row.private_at,
    )
