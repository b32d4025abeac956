"""The bearer tokens that people hold: made, listed, revoked. What a token is, is shown once and kept nowhere."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from app.access import TokenRow, insert_token
from app.api import Model, Name, PageQuery, PersonCall, endpoints, next_cursor
from app.auth import new_token
from app.store import Person
from shared.clock import rfc3339
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable

_MS: Final = 1000


class NewToken(Model):
    label: Name
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = 90


class TokenCreated(Model):
    """`token` is never shown again."""

    id: str
    token: str
    expires_at: str | None


class TokenRecord(Model):
    id: str
    label: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class TokensPage(Model):
    tokens: tuple[TokenRecord, ...]
    next: str | None


@endpoints.add(
    "POST",
    "/people/{user_id}/tokens",
    auth="person",
    status=201,
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody),
)
async def create_token(call: PersonCall, body: NewToken) -> TokenCreated:
    """A bearer token for yourself; owners and admins make them for members as well."""
    ports, person = call.ports, await find_person(call)
    if person.id != call.caller.id and (call.caller.role == "member" or person.role == "owner"):
        raise Forbidden("You may not make a token for this person")
    if person.disabled_at is not None:
        raise Conflict("This person is disabled; enable them first")
    expires_at = None
    if body.expires_in_days is not None:
        moment = datetime.fromtimestamp(ports.clock() / _MS, UTC) + timedelta(days=body.expires_in_days)
        expires_at = rfc3339(int(moment.timestamp() * _MS))
    token, digest = new_token(ports)
    token_id = ports.make_id("tok")
    await ports.store.create_token(insert_token(token_id, person.id, digest, body.label, ports.now(), expires_at))
    return TokenCreated(id=token_id, token=token, expires_at=expires_at)


@endpoints.add(
    "GET", "/people/{user_id}/tokens", auth="person", errors=(InvalidCredential, Forbidden, NotFound, InvalidBody)
)
async def list_tokens(call: PersonCall, query: PageQuery) -> TokensPage:
    """Your own tokens, revoked and expired ones too; owners and admins see those of others."""
    person = await find_person(call)
    require_charge(call.caller, person)
    tokens = await call.ports.access.tokens(person.id, query.after, query.limit + 1)
    cursor = next_cursor([token.id for token in tokens], query.limit)
    return TokensPage(tokens=tuple(_record(token) for token in tokens[: query.limit]), next=cursor)


@endpoints.add(
    "DELETE",
    "/people/{user_id}/tokens/{token_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Unavailable),
)
async def revoke_token(call: PersonCall) -> TokenRecord:
    """Revoke one: it opens nothing any more, and the person's sockets close; other good tokens open new ones."""
    ports, person = call.ports, await find_person(call)
    require_charge(call.caller, person)
    token = await _find_token(call, person)
    await ports.access.revoke_token(person.id, token.id, ports.now())
    await ports.infra.disconnect(person.id)
    return _record(await _find_token(call, person))


async def find_person(call: PersonCall) -> Person:
    """The person of the caller's org that the path names. Raises NotFound."""
    person = await call.ports.store.person(call.caller.org_id, call.path["user_id"])
    if person is None:
        raise NotFound("There is no such person in your org")
    return person


async def _find_token(call: PersonCall, person: Person) -> TokenRow:
    token = await call.ports.access.token(person.id, call.path["token_id"])
    if token is None:
        raise NotFound("There is no such token")
    return token


def require_charge(caller: Person, person: Person) -> None:
    """Raises Forbidden unless the caller may rule on this person's access: their own, or as one who runs the org."""
    if caller.id == person.id or caller.role == "owner":
        return
    if caller.role != "admin" or person.role == "owner":
        raise Forbidden("You have no say in this person's access")


def require_not_erased(person: Person) -> None:
    """Raises Conflict: of somebody who was erased nothing is left that could be changed."""
    if person.erased_at is not None:
        raise Conflict("This person was erased")


def _record(row: TokenRow) -> TokenRecord:
    return TokenRecord(
        id=row.id, label=row.label, created_at=row.created_at, expires_at=row.expires_at, revoked_at=row.revoked_at
    )
