"""Orgs and people."""

from typing import Literal

from app.access import insert_token
from app.api import Model, Name, PageQuery, PersonCall, endpoints, next_cursor, require_admin
from app.auth import new_token
from app.ports import AppPorts
from app.store import Person
from app.tokens import find_person, require_charge, require_not_erased
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.http import Call


class NewOrg(Model):
    name: Name
    owner_name: Name


class Org(Model):
    id: str
    name: str


class PersonRecord(Model):
    id: str
    org_id: str
    name: str
    role: Literal["owner", "admin", "member"]
    created_at: str
    disabled_at: str | None
    erased_at: str | None


class OrgCreated(Model):
    """`token` is the owner's first bearer token; it is never shown again."""

    org: Org
    owner: PersonRecord
    token: str


class NewPerson(Model):
    name: Name
    role: Literal["admin", "member"] = "member"


class PeoplePage(Model):
    people: tuple[PersonRecord, ...]
    next: str | None


@endpoints.add("POST", "/orgs", auth="operator", status=201, errors=(InvalidCredential, InvalidBody))
async def create_org(call: Call[None, AppPorts], body: NewOrg) -> OrgCreated:
    """Create an org, its owner and the owner's first token."""
    ports = call.ports
    org_id = ports.make_id("org")
    owner = Person(ports.make_id("usr"), org_id, body.owner_name, "owner", ports.now())
    token, digest = new_token(ports)
    row = insert_token(ports.make_id("tok"), owner.id, digest, "first token", ports.now(), None)
    await ports.store.create_org(org_id, body.name, owner, row)
    return OrgCreated(org=Org(id=org_id, name=body.name), owner=_record(owner), token=token)


@endpoints.add("GET", "/me", auth="person", errors=(InvalidCredential,))
async def me(call: PersonCall) -> PersonRecord:
    """The person behind the token."""
    return _record(call.caller)


@endpoints.add("POST", "/people", auth="person", status=201, errors=(InvalidCredential, Forbidden, InvalidBody))
async def create_person(call: PersonCall, body: NewPerson) -> PersonRecord:
    """Add a person to your org. Owners and admins."""
    require_admin(call.caller)
    person = Person(call.ports.make_id("usr"), call.caller.org_id, body.name, body.role, call.ports.now())
    await call.ports.store.create_person(person)
    return _record(person)


@endpoints.add("GET", "/people", auth="person", errors=(InvalidCredential, InvalidBody))
async def list_people(call: PersonCall, query: PageQuery) -> PeoplePage:
    """The people of your org."""
    people = await call.ports.store.people(call.caller.org_id, query.after, query.limit + 1)
    cursor = next_cursor([person.id for person in people], query.limit)
    return PeoplePage(people=tuple(_record(person) for person in people[: query.limit]), next=cursor)


@endpoints.add(
    "DELETE",
    "/people/{user_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, Unavailable),
)
async def disable_person(call: PersonCall) -> PersonRecord:
    """Disable a person: no credential of theirs opens anything, and their sockets close. Owners and admins."""
    ports, person = call.ports, await _ruled_person(call)
    await ports.access.disable(person.id, person.org_id, ports.now())
    disabled = await find_person(call)
    if disabled.disabled_at is None:
        raise Conflict("An org keeps at least one owner who may come in")
    await ports.infra.disconnect(person.id)
    return _record(disabled)


@endpoints.add(
    "POST", "/people/{user_id}/enable", auth="person", errors=(InvalidCredential, Forbidden, NotFound, Conflict)
)
async def enable_person(call: PersonCall) -> PersonRecord:
    """Let a disabled person come in again, with new tokens. Owners and admins."""
    person = await _ruled_person(call)
    require_not_erased(person)
    await call.ports.access.enable(person.id)
    return _record(await find_person(call))


async def _ruled_person(call: PersonCall) -> Person:
    """Raises NotFound, Forbidden."""
    person = await find_person(call)
    require_admin(call.caller)
    require_charge(call.caller, person)
    return person


def _record(person: Person) -> PersonRecord:
    return PersonRecord(
        id=person.id,
        org_id=person.org_id,
        name=person.name,
        role=person.role,
        created_at=person.created_at,
        disabled_at=person.disabled_at,
        erased_at=person.erased_at,
    )
