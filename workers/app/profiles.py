"""What people and orgs are called, and what people may do in their org."""

from dataclasses import asdict
from typing import Literal

from app.api import Change, Model, Name, PersonCall, endpoints, require_admin
from app.people import PersonRecord
from app.rosters import renew_rosters
from app.store import OrgRow, Person
from app.tokens import require_not_erased
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable


class PersonChange(Change):
    """What is left out stays as it is."""

    name: Name | None = None
    role: Literal["owner", "admin", "member"] | None = None


class OrgRecord(Model):
    id: str
    name: str
    created_at: str


class OrgChange(Model):
    name: Name


@endpoints.add("GET", "/people/{user_id}", auth="person", errors=(InvalidCredential, NotFound))
async def read_person(call: PersonCall) -> PersonRecord:
    """A person of your org."""
    return _record(await _find(call))


@endpoints.add(
    "PATCH",
    "/people/{user_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable),
)
async def change_person(call: PersonCall, body: PersonChange) -> PersonRecord:
    """Change your own name; owners and admins change names and roles. The groups of that person know at once."""
    before = await _find(call)
    role = body.role or before.role
    _check_say(call.caller, before, role)
    require_not_erased(before)
    call.require_unchanged(_record(before))
    name = body.name or before.name
    if not await call.ports.store.change_person(before, name, role):
        if await _find(call) == before:
            raise Conflict("An org keeps at least one owner; make somebody else owner first")
        raise call.overtaken()
    if name != before.name:
        await renew_rosters(call.ports, await call.ports.store.open_groups_of(before.id))
    return _record(await _find(call))


def _check_say(caller: Person, person: Person, role: str) -> None:
    """Raises Forbidden. Nobody raises themselves; an admin has no say about owners, and makes none."""
    if caller.id == person.id and role == person.role:
        return
    require_admin(caller)
    if caller.role == "admin" and "owner" in (person.role, role):
        raise Forbidden("This takes an owner of the org")


@endpoints.add("GET", "/orgs/{org_id}", auth="person", errors=(InvalidCredential, NotFound))
async def read_org(call: PersonCall) -> OrgRecord:
    """Your org."""
    return _org(await _find_org(call))


@endpoints.add(
    "PATCH", "/orgs/{org_id}", auth="person", errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody)
)
async def change_org(call: PersonCall, body: OrgChange) -> OrgRecord:
    """Rename your org. Owners and admins."""
    before = await _find_org(call)
    require_admin(call.caller)
    call.require_unchanged(_org(before))
    if not await call.ports.store.rename_org(before, body.name):
        raise call.overtaken()
    return _org(await _find_org(call))


async def _find(call: PersonCall) -> Person:
    person = await call.ports.store.person(call.caller.org_id, call.path["user_id"])
    if person is None:
        raise NotFound("There is no such person in your org")
    return person


async def _find_org(call: PersonCall) -> OrgRow:
    org = await call.ports.store.org(call.caller.org_id) if call.path["org_id"] == call.caller.org_id else None
    if org is None:
        raise NotFound("There is no such org, or it is not yours")
    return org


def _record(person: Person) -> PersonRecord:
    return PersonRecord.model_validate(asdict(person))


def _org(org: OrgRow) -> OrgRecord:
    return OrgRecord(id=org.id, name=org.name, created_at=org.created_at)
