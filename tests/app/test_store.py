"""The conditions of the App's statements that decide over trust, each with a row that all the others hold for."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from app.store import OrgRow, Person, Store
from shared.ports import SqlValue
from tests.app.directory import ABROAD, ORG, PRIVATE, PUBLIC, THEN, Directory, the
from tests.fakes import FakeDatabase

MIA, JOE, OLGA, EVE = (the("usr", name) for name in ("mia", "joe", "olga", "eve"))
NOW, LATER = "2027-01-15T08:00:00.000Z", "2030-01-01T00:00:00.000Z"


@pytest.fixture
async def database() -> AsyncIterator[FakeDatabase]:
    directory = Directory()
    yield directory.database
    await directory.close()


async def change(database: FakeDatabase, table: str, which: str, **values: SqlValue) -> None:
    sets = ", ".join(f"{name} = ?" for name in values)
    await database.rows(f"UPDATE {table} SET {sets} WHERE id = ?", *values.values(), which)  # noqa: S608 -- a test's own


async def column(database: FakeDatabase, table: str, name: str) -> dict[str, object]:
    rows = await database.rows(f"SELECT id, {name} AS value FROM {table}")  # noqa: S608 -- a test's own names
    return {str(row["id"]): row["value"] for row in rows}


async def person(database: FakeDatabase, org_id: str, user_id: str) -> Person:
    found = await Store(database).person(org_id, user_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("token", "holder", "good"),
    [
        ({}, {}, True),
        ({"expires_at": LATER}, {}, True),
        ({"expires_at": NOW}, {}, False),
        ({"revoked_at": LATER}, {}, False),
        ({"revoked_at": THEN, "expires_at": LATER}, {}, False),
        ({}, {"disabled_at": LATER}, False),
    ],
)
async def test_a_bearer_is_good_until_it_ends_is_revoked_or_its_person_disabled(
    database: FakeDatabase, token: Mapping[str, SqlValue], holder: Mapping[str, SqlValue], good: bool
) -> None:
    await change(database, "tokens", the("tok", "mia"), sha256="digest", **token)
    if holder:
        await change(database, "people", MIA, **holder)
    found = await Store(database).person_of_token("digest", NOW)
    assert (found and found.id) == (MIA if good else None)


async def test_an_org_is_found_and_renamed_by_its_id_as_it_was_read(database: FakeDatabase) -> None:
    store = Store(database)
    await change(database, "orgs", ABROAD, name="Other")
    assert [await store.org(one) for one in (ORG, ABROAD, "absent")] == [
        OrgRow(ORG, "Org", THEN),
        OrgRow(ABROAD, "Other", THEN),
        None,
    ]
    assert not await store.rename_org(OrgRow(ORG, "Else", THEN), "New")
    assert await store.rename_org(OrgRow(ORG, "Org", THEN), "New")
    assert await column(database, "orgs", "name") == {ORG: "New", ABROAD: "Other"}


async def test_a_person_is_changed_alone_and_as_they_were_read(database: FakeDatabase) -> None:
    store, mia, before = Store(database), await person(database, ORG, MIA), await column(database, "people", "name")
    for wrong in (replace(mia, name="Z"), replace(mia, role="admin"), replace(mia, org_id=ABROAD)):
        assert not await store.change_person(wrong, "New", "owner")
    assert await column(database, "people", "name") == before
    versions = await column(database, "groups", "version")
    assert await store.change_person(await person(database, ORG, JOE), "Joseph", "member")
    assert await column(database, "groups", "version") == versions, "of groups they are not in"
    assert await store.change_person(mia, "New", "owner")
    assert await column(database, "people", "name") == {**before, MIA: "New", JOE: "Joseph"}
    assert {i for i, role in (await column(database, "people", "role")).items() if role == "owner"} == {MIA, OLGA, EVE}


async def test_an_owner_who_may_not_come_in_owns_nothing(database: FakeDatabase) -> None:
    store, olga = Store(database), await person(database, ORG, OLGA)
    await change(database, "people", MIA, role="owner", disabled_at=NOW)
    assert not await store.change_person(olga, "Olga", "member")
    await change(database, "people", MIA, disabled_at=None)
    assert await store.change_person(olga, "Olga", "member")


async def test_a_role_in_one_group_is_none_in_another(database: FakeDatabase) -> None:
    store, joe = Store(database), await person(database, ORG, JOE)
    database.insert("memberships", group_id=PRIVATE, user_id=JOE, role="owner", created_at=THEN)
    private, public = await store.group(PRIVATE, joe), await store.group(PUBLIC, joe)
    assert private is not None
    assert public is not None
    assert (private.my_role, public.my_role) == ("owner", None)


async def test_a_group_is_changed_alone_as_it_was_read_and_while_it_is_active(database: FakeDatabase) -> None:
    store = Store(database)
    group = await store.group(PRIVATE, await person(database, ORG, MIA))
    assert group is not None
    for wrong in (replace(group, version=7), replace(group, org_id=ABROAD), replace(group, id="absent")):
        assert not await store.change_group(wrong, "New", group.turns)
    await change(database, "groups", PRIVATE, status="archiving")
    assert not await store.change_group(group, "New", group.turns)
    await change(database, "groups", PRIVATE, status="active")
    assert await store.change_group(group, "New", group.turns)
    assert await column(database, "groups", "title") == {PRIVATE: "New", PUBLIC: "T"}


async def test_groups_are_listed_for_those_who_may_know_of_them(database: FakeDatabase) -> None:
    store, mia, joe, eve = (
        Store(database),
        *[await person(database, org, one) for org, one in ((ORG, MIA), (ORG, JOE), (ABROAD, EVE))],
    )
    for status in ("pending", "deleted", "archived"):
        row: dict[str, SqlValue] = {"org_id": ORG, "is_private": 0, "created_by": MIA, "created_at": THEN}
        database.insert("groups", id=f"grp_{status}", title="T", status=status, **row)
        database.insert("memberships", group_id=f"grp_{status}", user_id=MIA, role="owner", created_at=THEN)

    async def mine(who: Person, *, after: str = "", status: str | None = None, title: str = "") -> list[str]:
        return [group.id for group in await store.groups_of(who, after, 10, status, title)]

    async def joinable(who: Person, *, after: str = "", title: str = "") -> list[str]:
        return [group.id for group in await store.joinable_groups(who, after, 10, title)]

    assert await mine(mia) == [PUBLIC, PRIVATE, "grp_archived"]
    assert await mine(mia, after=PUBLIC) == [PRIVATE, "grp_archived"]
    assert await mine(mia, status="archived") == ["grp_archived"]
    assert (await mine(mia, title="t"), await mine(mia, title="x")) == (await mine(mia), [])
    assert (await mine(joe), await mine(eve), await mine(replace(mia, org_id=ABROAD))) == ([], [], [])
    assert (await joinable(joe), await joinable(mia), await joinable(eve)) == ([PUBLIC], [], [])
    assert (await joinable(joe, after=PUBLIC), await joinable(joe, title="x")) == ([], [])
