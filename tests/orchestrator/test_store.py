"""The conditions of the statements that decide over trust, each with a row that all the others hold for."""

from collections.abc import Mapping

import pytest

from orchestrator.store import AccessRow, Store
from shared.ports import SqlValue
from tests.fakes import FakeDatabase
from tests.orchestrator.office import (
    ADA,
    APP_KEY,
    BEN,
    EPOCH,
    EVE,
    GROUP,
    ISSUER_KEY,
    LATER,
    LONG_AGO,
    ORG,
    OTHER_GROUP,
    OTHER_ORG,
    STRANGER,
    Office,
)

NOW = "2027-01-15T08:00:00.000Z"


@pytest.fixture
def database(office: Office) -> FakeDatabase:
    return office.database


async def change(database: FakeDatabase, table: str, which: str, **values: SqlValue) -> None:
    sets = ", ".join(f"{name} = ?" for name in values)
    await database.rows(f"UPDATE {table} SET {sets} WHERE {which}", *values.values())  # noqa: S608 -- a test's own


# ── app keys ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("row", "good"),
    [
        ({}, True),
        ({"not_before": NOW}, True),
        ({"not_before": LATER}, False),
        ({"not_after": LATER}, True),
        ({"not_after": NOW}, False),
        ({"revoked_at": LONG_AGO}, False),
        ({"revoked_at": LATER}, False),
        ({"jwk": STRANGER.public.model_dump_json()}, False),
    ],
)
async def test_an_app_key_is_good_from_its_beginning_to_its_end(
    database: FakeDatabase, row: Mapping[str, SqlValue], good: bool
) -> None:
    if row:
        await change(database, "app_keys", "true", **row)
    database.insert(
        "app_keys", kid="another", app_id="other", jwk=APP_KEY.public.model_dump_json(), not_before=LONG_AGO
    )
    found = await Store(database).app_key(APP_KEY.thumbprint, NOW)
    assert found == (("app", APP_KEY.public) if good else None)
    assert await Store(database).app_key("another", NOW) is None, "named by what is not its thumbprint"
    assert await Store(database).app_key("absent", NOW) is None


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("token", "person", "good"),
    [
        ({}, {}, True),
        ({"expires_at": LATER}, {}, True),
        ({"expires_at": NOW}, {}, False),
        ({"revoked_at": LATER}, {}, False),
        ({"revoked_at": LONG_AGO, "expires_at": LATER}, {}, False),
        ({}, {"disabled_at": LATER}, False),
    ],
)
async def test_a_bearer_is_good_until_it_ends_is_revoked_or_its_person_disabled(
    database: FakeDatabase, token: Mapping[str, SqlValue], person: Mapping[str, SqlValue], good: bool
) -> None:
    for name, user_id, columns in (("ben", BEN, token), ("eve", EVE, {})):
        row = {"label": "t", "created_at": LONG_AGO, **columns}
        database.insert("tokens", id=name, user_id=user_id, sha256=f"digest-{name}", **row)
    if person:
        await change(database, "people", f"id = '{BEN}'", **person)
    store = Store(database)
    assert await store.user_of_token("digest-ben", NOW) == (BEN if good else None)
    assert await store.user_of_token("digest-eve", NOW) == EVE
    assert await store.user_of_token("digest-ada", NOW) is None
    # Who has nothing left to sign in with need not come back.
    assert await store.access(BEN, NOW) == AccessRow(0, may_return=good)
    assert await store.access(ADA, NOW) == AccessRow(0, may_return=False)
    assert await store.access("usr_absent", NOW) is None


async def test_whom_a_provider_knows_may_return_unless_disabled(database: FakeDatabase) -> None:
    database.insert("identities", issuer="i", subject="s", user_id=BEN, created_at=LONG_AGO)
    store = Store(database)
    assert [await store.access(one, NOW) for one in (BEN, ADA)] == [AccessRow(0, True), AccessRow(0, False)]
    await change(database, "people", f"id = '{BEN}'", disabled_at=NOW, access_version=3)
    assert await store.access(BEN, NOW) == AccessRow(3, may_return=False)


async def test_a_name_is_found_in_its_own_org_alone(database: FakeDatabase) -> None:
    await change(database, "people", f"id = '{EVE}'", name="Eve")
    store = Store(database)
    assert [await store.name_of(org, EVE) for org in (ORG, OTHER_ORG)] == [None, "Eve"]
    assert await store.name_of(ORG, "usr_absent") is None


async def test_only_of_the_erased_the_org_is_given_for_erasing(database: FakeDatabase) -> None:
    await change(database, "people", f"id = '{EVE}'", erased_at=NOW)
    store = Store(database)
    assert [await store.org_of_erased(one) for one in (BEN, EVE)] == [None, OTHER_ORG]


async def test_the_groups_to_erase_in_are_those_they_were_in_that_still_have_their_words(
    database: FakeDatabase,
) -> None:
    for name, status in (("a", "active"), ("b", "archived"), ("c", "pending"), ("d", "deleted")):
        row: dict[str, SqlValue] = {"org_id": ORG, "title": "T", "is_private": 0, "created_at": LONG_AGO}
        database.insert("groups", id=name, status=status, created_by=ADA, **row)
        database.insert("memberships", group_id=name, user_id=BEN, role="member", created_at=LONG_AGO)
    store = Store(database)
    assert await store.groups_to_erase(BEN) == ["a", "b", GROUP]
    await store.set_erased(BEN, "a", NOW)
    await store.set_erased(EVE, GROUP, NOW)
    assert await store.groups_to_erase(BEN) == ["b", GROUP]
    assert await store.groups_to_erase(ADA) == [GROUP]
    assert await store.groups_to_erase(EVE) == [OTHER_GROUP]


# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_place_in_a_group_is_that_persons_in_that_group(database: FakeDatabase) -> None:
    await change(database, "memberships", f"user_id = '{ADA}'", role="owner")
    await change(database, "people", f"id = '{BEN}'", access_version=2)
    store = Store(database)
    ada, ben = await store.membership(GROUP, ADA), await store.membership(GROUP, BEN)
    assert ada is not None
    assert ben is not None
    assert (ada.role, ada.access_version, ben.role, ben.access_version) == ("owner", 0, "member", 2)
    assert ben.controller_id == f"controller-of-{GROUP}"
    for group_id, user_id in ((GROUP, EVE), (OTHER_GROUP, BEN)):
        assert await store.membership(group_id, user_id) is None


@pytest.mark.parametrize("status", ["pending", "archiving", "archived", "deleted"])
async def test_a_place_in_a_group_that_is_over_says_so(database: FakeDatabase, status: str) -> None:
    await change(database, "groups", f"id = '{GROUP}'", status=status)
    store = Store(database)
    place = await store.membership(GROUP, BEN)
    assert (place and place.status) == (status if status in ("archiving", "archived") else None)
    assert await store.open_groups_of(BEN) == ([GROUP] if status == "archiving" else [])


async def test_nor_has_who_is_disabled_nor_before_it_was_opened(database: FakeDatabase) -> None:
    store = Store(database)
    assert await store.open_groups_of(BEN) == [GROUP]
    await change(database, "people", f"id = '{BEN}'", disabled_at=NOW)
    assert await store.membership(GROUP, BEN) is None
    await change(database, "groups", f"id = '{GROUP}'", group_controller_id=None)
    assert await store.membership(GROUP, ADA) is None


async def test_a_session_takes_the_place_of_an_older_one_of_its_group_alone(database: FakeDatabase) -> None:
    store = Store(database)
    await change(database, "groups", f"id = '{OTHER_GROUP}'", session_epoch=9)
    assert [await store.next_session(one) for one in (GROUP, OTHER_GROUP)] == [EPOCH + 1, 10]
    for epoch, then in ((7, 7), (5, 7)):
        await store.session_opened(GROUP, "c", epoch, f"k{epoch}", 1)
        group, other = await store.group(GROUP), await store.group(OTHER_GROUP)
        assert group is not None
        assert other is not None
        assert (group.session_epoch, group.controller_id, group.session_kid) == (then, "c", f"k{epoch}")
        assert (other.session_epoch, other.session_kid) == (9, ISSUER_KEY.thumbprint)
        assert other.controller_id != "c"


async def test_what_was_told_is_never_untold(database: FakeDatabase) -> None:
    store = Store(database)
    await change(database, "groups", "1", version=7, told_version=0)
    await store.session_opened(GROUP, "c", 9, "k", 5)
    assert sorted(await store.groups_behind(9)) == sorted([GROUP, OTHER_GROUP])
    await store.group_told(GROUP, 7)
    await store.group_told(GROUP, 6)
    await store.session_opened(GROUP, "c", 9, "k", 5)
    assert await store.groups_behind(9) == [OTHER_GROUP]
    await change(database, "people", f"id IN ('{ADA}', '{BEN}')", access_version=3, told_access=0)
    assert {(await store.people_behind(1))[0] for _ in range(100)} == {ADA, BEN}, "nobody has to wait behind another"
    await store.access_told(ADA, 3)
    await store.access_told(ADA, 2)
    assert await store.people_behind(9) == [BEN]


async def test_a_status_follows_the_one_before(database: FakeDatabase) -> None:
    store = Store(database)
    for was in ("pending", "archived"):
        await store.set_status(GROUP, "archiving", was=was)
    assert await statuses(database) == ["active", "active"]
    await store.set_status(GROUP, "archiving", was="active")
    assert await statuses(database) == ["archiving", "active"]


async def statuses(database: FakeDatabase) -> list[object]:
    rows = [await database.rows("SELECT status FROM groups WHERE id = ?", one) for one in (GROUP, OTHER_GROUP)]
    return [row["status"] for [row] in rows]


async def test_of_an_archive_the_first_report_counts_until_there_is_another_one(database: FakeDatabase) -> None:
    store = Store(database)
    await store.set_archived(GROUP, NOW, "too early", "h0")
    assert await statuses(database) == ["active", "active"]
    await store.set_status(GROUP, "archiving", was="active")
    await store.set_archived(GROUP, NOW, "first", "h1")
    assert await statuses(database) == ["archived", "active"]
    await store.set_archived(GROUP, LATER, "first", "h2")
    assert await store.archived(GROUP) == (NOW, "first", "h1")
    assert await store.archived(OTHER_GROUP) is None
    await store.set_archived(GROUP, LATER, "second", "h2")
    assert await store.archived(GROUP) == (LATER, "second", "h2")
    await store.set_restored(GROUP, "first")
    assert await statuses(database) == ["archived", "active"]
    await store.set_status(OTHER_GROUP, "archiving", was="active")
    await store.set_archived(OTHER_GROUP, LATER, "second", "h2")
    await store.set_restored(GROUP, "second")
    assert await statuses(database) == ["active", "archived"]
    assert await store.archived(GROUP) is None


@pytest.mark.parametrize("status", ["pending", "deleted"])
async def test_what_is_not_open_is_neither_archived_nor_restored_nor_deleted(
    database: FakeDatabase, status: str
) -> None:
    await change(database, "groups", f"id = '{GROUP}'", status=status, r2_path="p")
    store = Store(database)
    await store.set_archived(GROUP, NOW, "first", "h1")
    await store.set_restored(GROUP, "p")
    await store.set_deleted(GROUP, NOW)
    assert await statuses(database) == [status, "active"]
    assert len(await database.rows("SELECT * FROM memberships WHERE group_id = ?", GROUP)) == 2


async def test_an_archived_group_leaves_a_tombstone_and_the_others_stay(database: FakeDatabase) -> None:
    store = Store(database)
    await change(database, "groups", "true", status="archived")
    await store.set_deleted(GROUP, NOW)
    assert await statuses(database) == ["deleted", "archived"]
    rows = await database.rows("SELECT group_id FROM memberships UNION SELECT group_id FROM group_agents")
    assert [row["group_id"] for row in rows] == [OTHER_GROUP]
