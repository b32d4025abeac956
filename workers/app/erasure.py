"""Erasing one person, and reading out what one person said."""

import json
from collections.abc import AsyncGenerator
from typing import Final, Literal

from starlette.responses import Response

from app.api import Model, PersonCall, endpoints
from app.infra import Infra
from app.store import Person
from app.tokens import find_person, require_charge
from shared.errors import (
    Conflict,
    Forbidden,
    InvalidBody,
    InvalidCredential,
    NotFound,
    ParleyError,
    TooManyRequests,
    Unavailable,
)
from shared.ids import UserId
from shared.log import Log
from shared.streaming import Closing
from shared.webhooks import Erase

EXPORT_PAGE_MESSAGES: Final = 100


class Erasure(Model):
    """`confirm` is the person's id once more: nothing brings back what is erased."""

    confirm: UserId


class PersonErased(Model):
    """`pending`: groups that still have their words, since they could not be reached yet. Ask again for these."""

    status: Literal["erased", "pending"]
    erased_groups: int
    pending: tuple[str, ...]


@endpoints.add(
    "POST",
    "/people/{user_id}/erase",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable),
)
async def erase_person(call: PersonCall, body: Erasure) -> PersonErased:
    """Erase a person for good: their name, their credentials, and their words in all groups, archives too.

    Themselves, or owners and admins. Asking again goes on with what is pending.
    """
    ports, person = call.ports, await find_person(call)
    require_charge(call.caller, person)
    if body.confirm != person.id:
        raise InvalidBody("confirm: name the person that is to be erased")
    await ports.access.erase(person.id, person.org_id, ports.now())
    if (await find_person(call)).erased_at is None:
        raise Conflict("An org keeps at least one owner who may come in; make somebody else owner first")
    # Each group closes their sockets as well: they are no member any more.
    done = await ports.infra.erase(person.id, call.caller.id)
    # Behind the groups, which matter more. It remembers whom to leave out, so that no order is the wrong one.
    await ports.outbox.let_go(person.org_id, Erase(user_id=person.id))
    return PersonErased(
        status="pending" if done.pending else "erased", erased_groups=done.groups, pending=tuple(done.pending)
    )


@endpoints.add(
    "GET",
    "/people/{user_id}/messages",
    auth="person",
    media_type="application/x-ndjson",
    errors=(InvalidCredential, Forbidden, NotFound, TooManyRequests, Unavailable),
)
async def export_messages(call: PersonCall) -> Response:
    """All that a person said, in every group they ever were in: a line of JSON for each message as it stands now.

    The last line is `{"messages": n, "unread": [group ids]}`; without it the export was cut off. Themselves, or owners
    and admins.
    """
    ports, person = call.ports, await find_person(call)
    require_charge(call.caller, person)
    groups = await ports.store.attended(person.id)
    lines = _export(ports.infra, ports.log, person, groups)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{person.id}.ndjson"'}
    return Closing(lines, media_type="application/x-ndjson", headers=headers)


async def _export(infra: Infra, log: Log, person: Person, groups: list[str]) -> AsyncGenerator[str]:
    """A group that cannot be read stops none of the others, and is named at the end."""
    count, unread = 0, []
    for group_id in groups:
        try:
            async for page in infra.authored(group_id, person.id, EXPORT_PAGE_MESSAGES):
                count += len(page)
                yield "".join(_line({"group_id": group_id, "message": message}) for message in page)
        except ParleyError as exc:
            log("export_incomplete", group_id=group_id, reason=exc.reason)
            unread.append(group_id)
    yield _line({"messages": count, "unread": unread})


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
