import hashlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from app.auth import TOKEN_PREFIX, authenticate, new_token, token_digest
from app.ports import AppPorts
from app.store import Person, Store
from shared.errors import InvalidCredential
from tests.fakes import FakeDatabase

NOW, BEFORE, AFTER = "2027-01-15T08:00:00.000Z", "2027-01-15T07:59:59.999Z", "2027-01-15T08:00:00.001Z"
OPERATOR = "prl_operator_" + "x" * 32
BEN = Person("usr_1", "org_1", "Ben", "member", BEFORE)


@pytest.fixture
async def database() -> AsyncIterator[FakeDatabase]:
    database = FakeDatabase()
    database.insert("orgs", id="org_1", name="Org", created_at=BEFORE)
    database.insert("people", id=BEN.id, org_id=BEN.org_id, name=BEN.name, role=BEN.role, created_at=BEFORE)
    yield database
    database.close()


def give(database: FakeDatabase, token: str, **row: str) -> None:
    digest = hashlib.sha256(token.encode()).hexdigest()
    database.insert(
        "tokens", **{"id": token, "user_id": BEN.id, "sha256": digest, "label": "x", "created_at": BEFORE, **row}
    )


async def who(database: FakeDatabase, authorization: str | None, kind: str = "person", sign_in: object = None) -> Any:  # noqa: ANN401
    """Who `authorization` is to this App."""
    settings = SimpleNamespace(operator_token=OPERATOR)
    ports = cast(
        "AppPorts", SimpleNamespace(store=Store(database), settings=settings, sign_in=sign_in, now=lambda: NOW)
    )
    headers = [(b"authorization", authorization.encode("latin-1"))] if authorization is not None else []
    return await authenticate[kind](Request({"type": "http", "headers": headers}), b"", ports)


async def refused(database: FakeDatabase, authorization: str | None, kind: str = "person") -> None:
    with pytest.raises(InvalidCredential):
        await who(database, authorization, kind)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_is_its_person(database: FakeDatabase, scheme: str) -> None:
    give(database, "prl_ben")
    assert await who(database, f"{scheme} prl_ben") == BEN


@pytest.mark.parametrize(
    "value",
    [None, "", "Bearer", "Bearer ", "Basic prl_ben", "prl_ben", "Bearer prl_be", "Bearer prl_benn", "Bearer PRL_BEN"],
)
async def test_anything_else_is_nobody(database: FakeDatabase, value: str | None) -> None:
    give(database, "prl_ben")
    give(database, "")
    await refused(database, value)
    await refused(database, value, "operator")


async def test_a_digest_is_no_token(database: FakeDatabase) -> None:
    give(database, "prl_ben")
    await refused(database, f"Bearer {token_digest('prl_ben')}")
    await refused(database, f"Bearer {token_digest(OPERATOR)}", "operator")


@pytest.mark.parametrize("row", [{"expires_at": BEFORE}, {"expires_at": NOW}, {"revoked_at": AFTER}], ids=str)
async def test_a_token_that_is_over_is_nobody(database: FakeDatabase, row: dict[str, str]) -> None:
    give(database, "prl_ben", **row)
    await refused(database, "Bearer prl_ben")


async def test_a_token_lives_to_its_end(database: FakeDatabase) -> None:
    give(database, "prl_ben", expires_at=AFTER)
    assert await who(database, "Bearer prl_ben") == BEN


async def test_the_operator_is_whoever_holds_the_operators_token_and_is_no_person(database: FakeDatabase) -> None:
    give(database, "prl_ben")
    assert await who(database, f"Bearer {OPERATOR}", "operator") is None
    await refused(database, "Bearer prl_ben", "operator")
    await refused(database, f"Bearer {OPERATOR[:-1]}", "operator")
    await refused(database, f"Bearer {OPERATOR}")


async def test_what_is_open_to_all_asks_nobody(database: FakeDatabase) -> None:
    assert await who(database, None, "anyone") is None
    assert set(authenticate) == {"person", "operator", "anyone"}


def test_a_new_token_is_32_random_bytes_behind_a_prefix_that_can_be_found() -> None:
    asked: list[int] = []

    def random_bytes(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    token, digest = new_token(cast("AppPorts", SimpleNamespace(random_bytes=random_bytes)))
    assert asked == [32]
    assert token == TOKEN_PREFIX + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert digest == token_digest(token) == hashlib.sha256(token.encode()).hexdigest()
    assert TOKEN_PREFIX == "prl_"


class Provider:
    """Signs in whoever it is asked for, and notes the tokens."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def person(self, token: str) -> Person:
        self.tokens.append(token)
        return BEN


async def test_what_has_dots_is_the_identity_providers_and_nothing_else_is(database: FakeDatabase) -> None:
    give(database, "prl_ben")
    provider = Provider()
    for token in ("a.b.c", "prl_ben"):
        assert await who(database, f"Bearer {token}", sign_in=provider) == BEN
    assert provider.tokens == ["a.b.c"]
    await refused(database, "Bearer a.b.c")
