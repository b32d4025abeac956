from collections.abc import AsyncIterator
from typing import cast

import pytest

from app.access import AccessStore
from app.identity import Identity, IdentityProvider
from app.sign_in import SignIn
from app.store import Person
from shared.errors import InvalidCredential
from tests.fakes import FakeDatabase

NOW_MS, NOW = 1_800_000_000_000, "2027-01-15T08:00:00.000Z"
ORG, OTHER = "org_1", "org_2"


class Provider:
    """A provider whose tokens are `<subject>` alone."""

    issuer = "https://login.test/"

    async def identity(self, token: str, now_s: int) -> Identity:
        assert now_s == NOW_MS // 1000
        return Identity(token, f"Name of {token}")


@pytest.fixture
async def database() -> AsyncIterator[FakeDatabase]:
    database = FakeDatabase()
    for org in (ORG, OTHER):
        database.insert("orgs", id=org, name="Org", created_at=NOW)
    for name, org in (("ben", ORG), ("eve", OTHER)):
        database.insert("people", id=name, org_id=org, name=name, role="member", created_at=NOW)
        database.insert("identities", issuer=Provider.issuer, subject=name, user_id=name, created_at=NOW)
    yield database
    database.close()


def sign_in(database: FakeDatabase, *, provision: bool) -> SignIn:
    provider = cast("IdentityProvider", Provider())
    ids = iter(f"usr_{n}" for n in range(100))
    return SignIn(provider, AccessStore(database), ORG, provision, lambda: next(ids), lambda: NOW_MS)


async def people(database: FakeDatabase) -> int:
    return len(await database.rows("SELECT id FROM people"))


async def refused(door: SignIn, token: str) -> None:
    with pytest.raises(InvalidCredential):
        await door.person(token)


@pytest.mark.parametrize("provision", [True, False])
async def test_who_is_known_is_who_they_were(database: FakeDatabase, provision: bool) -> None:
    found = await sign_in(database, provision=provision).person("ben")
    assert (found.id, found.name, found.org_id) == ("ben", "ben", ORG)
    assert await people(database) == 2


async def test_for_who_is_known_nothing_is_made(database: FakeDatabase) -> None:
    door = sign_in(database, provision=True)
    await door.person("ben")
    assert (await door.person("grace")).id == "usr_0", "the first id that was asked for"


async def test_a_newcomer_is_made_a_member_once(database: FakeDatabase) -> None:
    door = sign_in(database, provision=True)
    first = await door.person("grace")
    assert first == Person("usr_0", ORG, "Name of grace", "member", NOW)
    assert await door.person("grace") == first
    assert (await door.person("hedy")).id != first.id
    assert await people(database) == 4


async def test_of_two_who_make_the_same_newcomer_one_counts(database: FakeDatabase) -> None:
    access = AccessStore(database)
    for user_id in ("usr_a", "usr_b"):
        await access.provision(Person(user_id, ORG, "Grace", "member", NOW), Provider.issuer, "grace")
    assert (await sign_in(database, provision=True).person("grace")).id == "usr_a"
    assert await people(database) == 3, "and of the other nothing is left"


async def test_without_provisioning_a_newcomer_stays_out(database: FakeDatabase) -> None:
    await refused(sign_in(database, provision=False), "grace")
    assert await people(database) == 2


async def test_the_provider_speaks_for_its_org_alone(database: FakeDatabase) -> None:
    for provision in (True, False):
        await refused(sign_in(database, provision=provision), "eve")
    assert await people(database) == 2


async def test_a_disabled_person_stays_out_and_is_not_made_anew(database: FakeDatabase) -> None:
    await AccessStore(database).disable("ben", ORG, NOW)
    await refused(sign_in(database, provision=True), "ben")
    assert await people(database) == 2
    await AccessStore(database).enable("ben")
    assert (await sign_in(database, provision=True).person("ben")).id == "ben"


async def test_another_issuer_knows_other_people(database: FakeDatabase) -> None:
    assert await AccessStore(database).person_of_identity("https://other.test/", "ben", ORG) is None
