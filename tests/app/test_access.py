"""What the directory does when access is taken away. Who may ask for it is tested over HTTP (e2e/test_revoking.py)."""

from collections.abc import AsyncIterator

import pytest

from app.access import AccessStore, insert_token
from app.store import Person, Store
from shared.ports import SqlValue
from tests.fakes import FakeDatabase

NOW, LATER = "2027-01-15T08:00:00.000Z", "2027-01-15T09:00:00.000Z"
ORG = "org_1"


@pytest.fixture
async def database() -> AsyncIterator[FakeDatabase]:
    """Ada owns the org, Ben has two tokens in it; Eve owns another."""
    database = FakeDatabase()
    for org, people in ((ORG, {"ada": "owner", "ben": "member"}), ("org_2", {"eve": "owner"})):
        database.insert("orgs", id=org, name="Org", created_at=NOW)
        for name, role in people.items():
            database.insert("people", id=name, org_id=org, name=name, role=role, created_at=NOW)
    store = Store(database)
    for token_id, holder in (("t1", "ben"), ("t2", "ben"), ("t3", "ada")):
        await store.create_token(insert_token(token_id, holder, f"digest-{token_id}", "x", NOW, None))
    yield database
    database.close()


async def version(database: FakeDatabase, name: str) -> object:
    (row,) = await database.rows("SELECT access_version FROM people WHERE id = ?", name)
    return row["access_version"]


async def revoked(database: FakeDatabase) -> dict[str, object]:
    return {str(row["id"]): row["revoked_at"] for row in await database.rows("SELECT id, revoked_at FROM tokens")}


async def test_revoking_raises_the_access_version_once(database: FakeDatabase) -> None:
    access = AccessStore(database)
    for at in (NOW, LATER):
        await access.revoke_token("ben", "t1", at)
        assert await revoked(database) == {"t1": NOW, "t2": None, "t3": None}
        assert (await version(database, "ben"), await version(database, "ada")) == (1, 0)
    assert await Store(database).person_of_token("digest-t1", NOW) is None
    assert await Store(database).person_of_token("digest-t2", NOW) is not None


@pytest.mark.parametrize(("name", "token_id"), [("ada", "t1"), ("ben", "t3"), ("ben", "absent")])
async def test_nobodys_token_is_revoked_by_anothers_name(database: FakeDatabase, name: str, token_id: str) -> None:
    access = AccessStore(database)
    assert await access.token(name, token_id) is None
    await access.revoke_token(name, token_id, NOW)
    assert set((await revoked(database)).values()) == {None}
    assert await version(database, name) == 0


async def test_a_disabled_persons_tokens_all_die_and_stay_dead(database: FakeDatabase) -> None:
    access, store = AccessStore(database), Store(database)
    for at in (NOW, LATER):
        await access.disable("ben", ORG, at)
        ben = await store.person(ORG, "ben")
        assert ben is not None
        assert ben.disabled_at == NOW
        assert await revoked(database) == {"t1": NOW, "t2": NOW, "t3": None}
        assert await version(database, "ben") == 1
    await access.enable("ben")
    assert await store.person_of_token("digest-t1", NOW) is None
    await store.create_token(insert_token("t4", "ben", "digest-t4", "x", NOW, None))
    assert await store.person_of_token("digest-t4", NOW) is not None


async def test_no_token_of_a_disabled_person_is_good_whenever_it_was_made(database: FakeDatabase) -> None:
    await AccessStore(database).disable("ben", ORG, NOW)
    store = Store(database)
    await store.create_token(insert_token("t4", "ben", "digest-t4", "x", LATER, None))
    assert await store.person_of_token("digest-t4", LATER) is None


async def test_the_last_owner_who_may_come_in_stays(database: FakeDatabase) -> None:
    access, store = AccessStore(database), Store(database)
    await access.disable("ada", ORG, NOW)
    assert await store.person_of_token("digest-t3", NOW) is not None, "and keeps the tokens"
    database.insert("people", id="cleo", org_id=ORG, name="cleo", role="owner", created_at=NOW, disabled_at=NOW)
    await access.disable("ada", ORG, NOW)
    assert await version(database, "ada") == 0
    await access.enable("cleo")
    await access.disable("ada", ORG, NOW)
    await access.disable("cleo", ORG, NOW)
    assert (await version(database, "ada"), await version(database, "cleo")) == (1, 0)


async def test_a_person_is_disabled_in_their_own_org_alone(database: FakeDatabase) -> None:
    await AccessStore(database).disable("ben", "org_2", NOW)
    assert await version(database, "ben") == 0


async def test_tokens_are_listed_a_page_at_a_time_and_show_nothing_of_themselves(database: FakeDatabase) -> None:
    access = AccessStore(database)
    assert [row.id for row in await access.tokens("ben", "", 5)] == ["t1", "t2"]
    (second,) = await access.tokens("ben", "t1", 5)
    assert (second.expires_at, second.revoked_at) == (None, None)
    await access.revoke_token("ben", "t2", LATER)
    await database.rows("UPDATE tokens SET expires_at = ? WHERE id = 't2'", NOW)
    third = await access.token("ben", "t2")
    assert third is not None
    assert (third.id, third.expires_at, third.revoked_at) == ("t2", NOW, LATER)
    assert "digest" not in repr(second)
    assert [row.id for row in await access.tokens("ben", "", 1)] == ["t1"]


# ── erasing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def furnish_group(database: FakeDatabase, group_id: str, roles: dict[str, str]) -> None:
    row: dict[str, SqlValue] = {
        "org_id": ORG,
        "title": "T",
        "is_private": 0,
        "status": "active",
    }
    database.insert("groups", id=group_id, **row, created_by="ada", created_at=NOW)
    for number, (name, role) in enumerate(roles.items()):
        database.insert("memberships", group_id=group_id, user_id=name, role=role, created_at=f"{NOW[:-2]}{number}Z")


async def all_rows(database: FakeDatabase, table: str) -> list[dict[str, object]]:
    return [dict(row) for row in await database.rows(f"SELECT * FROM {table}")]  # noqa: S608 -- a test's own names


async def test_of_the_erased_the_directory_keeps_an_id_alone(database: FakeDatabase) -> None:
    database.insert("identities", issuer="i", subject="Benedikta", user_id="ben", created_at=NOW)
    database.insert("kept_answers", subject="ben", key="k", digest="d", asked_ms=1)
    await furnish_group(database, "g", {"ada": "owner", "ben": "member"})
    access = AccessStore(database)
    await access.erase("ben", ORG, NOW)
    await access.erase("ben", ORG, LATER)
    (ben,) = await database.rows("SELECT name, role, erased_at, disabled_at FROM people WHERE id = 'ben'")
    assert ben == {"name": "Erased", "role": "member", "erased_at": NOW, "disabled_at": NOW}
    assert [row["user_id"] for row in await all_rows(database, "tokens")] == ["ada"]
    assert [row["user_id"] for row in await all_rows(database, "memberships")] == ["ada"]
    assert await all_rows(database, "identities") == []
    assert await all_rows(database, "kept_answers") == []
    assert (await all_rows(database, "groups"))[0]["version"] == 2
    await access.enable("ben")
    assert (await Store(database).person(ORG, "ben")).disabled_at == NOW  # type: ignore[union-attr]


async def test_the_last_owner_of_an_org_is_not_erased(database: FakeDatabase) -> None:
    await furnish_group(database, "g", {"ada": "owner", "ben": "member"})
    before = [await all_rows(database, table) for table in ("people", "tokens", "memberships", "groups")]
    await AccessStore(database).erase("ada", ORG, NOW)
    assert [await all_rows(database, table) for table in ("people", "tokens", "memberships", "groups")] == before


async def test_a_group_that_the_erased_owned_alone_goes_to_whoever_was_in_it_longest(database: FakeDatabase) -> None:
    database.insert("people", id="cleo", org_id=ORG, name="cleo", role="member", created_at=NOW)
    await furnish_group(database, "alone", {"ben": "owner", "cleo": "member", "ada": "member"})
    await furnish_group(database, "shared", {"ben": "owner", "ada": "owner", "cleo": "member"})
    await furnish_group(database, "elsewhere", {"ada": "owner", "cleo": "member"})
    await AccessStore(database).erase("ben", ORG, NOW)
    owners = {
        (row["group_id"], row["user_id"]) for row in await all_rows(database, "memberships") if row["role"] == "owner"
    }
    assert owners == {("alone", "cleo"), ("shared", "ada"), ("elsewhere", "ada")}


async def test_where_somebody_was_is_remembered_when_they_leave(database: FakeDatabase) -> None:
    await furnish_group(database, "g", {"ada": "owner", "ben": "member"})
    await database.rows("DELETE FROM memberships WHERE user_id = 'ben'")
    assert await Store(database).attended("ben") == ["g"]


# ── of one person, and of nobody else ───────────────────────────────────────────────────────────────────────────────


async def test_what_was_done_to_another_is_no_reason_to_take_from_who_stays(database: FakeDatabase) -> None:
    access, store = AccessStore(database), Store(database)
    await furnish_group(database, "g", {"ada": "owner", "ben": "member"})
    await access.disable("ben", ORG, NOW)
    await access.disable("ada", ORG, NOW)
    assert await store.person_of_token("digest-t3", NOW) is not None
    await access.erase("ben", ORG, NOW)
    await access.erase("ada", ORG, NOW)
    assert await store.person_of_token("digest-t3", NOW) is not None
    assert [row["user_id"] for row in await all_rows(database, "memberships")] == ["ada"]


async def test_one_is_enabled_and_the_other_stays_disabled(database: FakeDatabase) -> None:
    database.insert("people", id="cleo", org_id=ORG, name="cleo", role="member", created_at=NOW)
    access, store = AccessStore(database), Store(database)
    for name in ("ben", "cleo"):
        await access.disable(name, ORG, NOW)
    await access.enable("ben")
    found = [await store.person(ORG, name) for name in ("ben", "cleo")]
    assert [one and one.disabled_at for one in found] == [None, NOW]


async def test_nobody_is_erased_by_another_org_nor_the_last_owner_who_may_come_in(database: FakeDatabase) -> None:
    access = AccessStore(database)
    await access.erase("ben", "org_2", NOW)
    database.insert("people", id="cleo", org_id=ORG, name="cleo", role="owner", created_at=NOW, disabled_at=NOW)
    await access.erase("ada", ORG, NOW)
    assert {row["erased_at"] for row in await all_rows(database, "people")} == {None}


async def test_what_another_signs_in_with_stays(database: FakeDatabase) -> None:
    for name in ("ada", "ben"):
        database.insert("identities", issuer="i", subject=name, user_id=name, created_at=NOW)
        database.insert("kept_answers", subject=name, key="k", digest="d", asked_ms=1)
    await AccessStore(database).erase("ben", ORG, NOW)
    assert [row["user_id"] for row in await all_rows(database, "identities")] == ["ada"]
    assert [row["subject"] for row in await all_rows(database, "kept_answers")] == ["ada"]


async def test_the_same_name_at_another_provider_is_another_person(database: FakeDatabase) -> None:
    access = AccessStore(database)
    for number, issuer in enumerate(("i", "j")):
        await access.provision(Person(f"new{number}", ORG, "Grace", "member", NOW), issuer, "grace")
    found = [await access.person_of_identity(issuer, "grace", ORG) for issuer in ("i", "j", "k")]
    assert [one and one.id for one in found] == ["new0", "new1", None]
