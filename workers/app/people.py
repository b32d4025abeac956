"""Orgs, people and the tokens they hold."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.api import Model, Name, PageQuery, PersonCall, endpoints, next_cursor, require_admin
from app.auth import new_token
from app.ports import AppPorts
from app.store import Person, insert_token
from shared.clock import rfc3339
from shared.errors import Forbidden, InvalidBody, InvalidCredential, NotFound
from shared.http import Call

_MS = 1000


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


class NewToken(Model):
    label: Name
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = 90


class TokenCreated(Model):
    """`token` is never shown again."""

    id: str
    token: str
    expires_at: str | None


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
    "POST",
    "/people/{user_id}/tokens",
    auth="person",
    status=201,
    errors=(InvalidCredential, Forbidden, NotFound, InvalidBody),
)
async def create_token(call: PersonCall, body: NewToken) -> TokenCreated:
    """A bearer token for yourself; owners and admins make them for members as well."""
    ports, user_id = call.ports, call.path["user_id"]
    person = await ports.store.person(call.caller.org_id, user_id)
    if person is None:
        raise NotFound
    if person.id != call.caller.id and (call.caller.role == "member" or person.role == "owner"):
        raise Forbidden("You may not make a token for this person")
    expires_at = None
    if body.expires_in_days is not None:
        moment = datetime.fromtimestamp(ports.clock() / _MS, UTC) + timedelta(days=body.expires_in_days)
        expires_at = rfc3339(int(moment.timestamp() * _MS))
    token, digest = new_token(ports)
    token_id = ports.make_id("tok")
    await ports.store.create_token(insert_token(token_id, user_id, digest, body.label, ports.now(), expires_at))
    return TokenCreated(id=token_id, token=token, expires_at=expires_at)


def _record(person: Person) -> PersonRecord:
    return PersonRecord(
        id=person.id, org_id=person.org_id, name=person.name, role=person.role, created_at=person.created_at
    )
