"""Of whoever is erased, neither word nor name is left, and every hash that was ever given out still holds.

The core, the Orchestrator and the directory as they are; what fails is between them.
"""

import gzip
import json
from typing import Any

import pytest

from durable_objects.calls import Archive, AuthoredPage, ErasePerson, ReadAuthored, Restore
from durable_objects.effects import RunSaid
from shared.errors import GroupArchiving
from shared.signing import Signer
from shared.tokens import Tokens
from tests.durable_objects.house import GROUP, Chair, House, roster, user_id
from tests.durable_objects.oracle import assert_same_room, believed
from tests.durable_objects.site import Killed, Site
from tests.fakes import FakeDatabase
from tests.orchestrator.office import ADA, APP_KEY, BEN, ORIGIN
from tests.shared.hostile import ES256

MANNERS = ("before", "after", "half", "wrong", "killed")
TRIES = 5
SECRETS = ("Kaiserschmarrn", "Zwetschgenknödel", "Benedikta")


def erase(house: House, name: str = "ben", *others: str) -> None:
    version = house.group.room.known().version + 1
    house.call(ErasePerson(user_id=user_id(name), roster=roster(("ada", *others), ("scribe",), version=version)))


def kitchen() -> tuple[House, Chair, Chair]:
    """Ben has a name, a message that he edited, and one that he did not."""
    house = House(("ada", "ben"), ("scribe",), called={"ben": "Benedikta"})
    ada, ben = house.sit("ada"), house.sit("ben")
    first = ben.say("Kaiserschmarrn", client_msg_id="k")
    ben.ok("edit", seq=first, text="Zwetschgenknödel")
    ben.say("Kaiserschmarrn again")
    ada.ok("react", seq=first, emoji="👍")
    return house, ada, ben


def stored(house: House) -> str:
    """Everything that the group's database holds, the search's index included."""
    tables = [str(name) for (name,) in house.sql.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = [house.sql.execute(f'SELECT * FROM "{name}"') for name in tables]  # noqa: S608 -- the database's own names
    return "\n".join(
        cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
        for table in rows
        for row in table
        for cell in row
    )


def test_neither_word_nor_name_is_left_in_the_group() -> None:
    house, ada, _ = kitchen()
    ada.ok("history")
    house.group.room.journal.message_index.catch_up()
    erase(house)
    kept = stored(house).lower()
    assert not [secret for secret in (*SECRETS, "kaiserschm", "zwetschgen") if secret.lower() in kept]


def test_the_digest_of_the_command_goes_with_its_words() -> None:
    house, _, _ = kitchen()
    erase(house)
    assert house.sql.execute("SELECT count(*) FROM events WHERE sender = ? AND digest IS NOT NULL", "usr_ben") == [[0]]


def test_others_are_told_and_see_a_message_without_words() -> None:
    house, ada, ben = kitchen()
    erase(house)
    assert [frame["data"] for frame in ada.of_type("member.erased")] == [{"user_id": "usr_ben"}]
    assert ben.closed == (4503, "removed")
    again = house.sit("ada").hello
    assert {(m["text"], m["deleted"], m["actor"]["name"]) for m in again["snapshot"]["messages"]} == {("", True, "")}
    assert_same_room(again, believed(house.log), 50)


def test_erasing_twice_is_erasing_once() -> None:
    house, _, _ = kitchen()
    erase(house)
    before = house.log
    erase(house)
    assert [e for e in house.log if e["type"] == "member.erased"] == [e for e in before if e["type"] == "member.erased"]
    assert house.log[: len(before)] == before


def test_what_others_said_stays_as_it_was() -> None:
    house, ada, _ = kitchen()
    seq = ada.say("Ben makes Kaiserschmarrn")
    before = house.log[seq - 1]
    erase(house)
    assert house.log[seq - 1] == before
    assert ada.ok("history", after=seq - 1)["events"][0]["data"]["text"] == "Ben makes Kaiserschmarrn"


def test_an_agent_that_was_told_the_words_is_stopped() -> None:
    house, ada, _ = kitchen()
    ada.say("@scribe sum up")
    run_id = house.running("scribe")
    erase(house)
    assert [e["data"]["outcome"] for e in house.of_type("run.finished")] == ["cancelled"]
    house.happen(RunSaid(run_id, "Kaiserschmarrn"))
    assert "Kaiserschmarrn" not in stored(house)


def test_a_failure_half_way_changes_nothing() -> None:
    house, _, _ = kitchen()
    before = house.log
    house.sql.fail_on = "DELETE FROM seals"
    with pytest.raises(RuntimeError, match="disk full"):
        erase(house)
    assert house.log == before
    assert "usr_ben" in house.group.room.members


# ── reading out ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_one_person_said_is_read_in_pages_also_when_they_left() -> None:
    house, ada, ben = kitchen()
    ada.say("not his")
    gone = ben.say("deleted")
    ben.ok("delete", seq=gone)
    house.set_roster(("ada",), ("scribe",))
    pages, after = list[AuthoredPage](), 0
    while not pages or pages[-1].more:
        asked = ReadAuthored(user_id="usr_ben", after=after, limit=2)
        pages.append(AuthoredPage.model_validate_json(house.call(asked)))
        after = pages[-1].messages[-1].seq
    said = [(m.text, m.edited, m.deleted) for page in pages for m in page.messages]
    assert said == [("Zwetschgenknödel", True, False), ("Kaiserschmarrn again", False, False), ("", False, True)]
    assert pages[0].messages[0].reactions == {"👍": ("usr_ada",)}


async def read_out(site: Site, who: str, limit: int) -> list[dict[str, Any]]:
    """All pages of what the App is told of one person in the group."""
    messages, more = list[dict[str, Any]](), True
    while more:
        after = messages[-1]["seq"] if messages else 0
        target = f"/infra/groups/{GROUP}/authored"
        body = json.dumps({"user_id": who, "after": after, "limit": limit}).encode()
        signer = Signer(Tokens(ES256), APP_KEY, "app", "orchestrator", ORIGIN)
        signed = signer.headers("POST", target, body, now_s=site.office.now_ms // 1000, jti=site.office.jti())
        response = await site.office.post(target, body, signed)
        assert response.status_code == 200, response.text
        messages += response.json()["messages"]
        more = response.json()["more"]
    return messages


@pytest.mark.parametrize("limit", [1, 100])
async def test_a_log_that_is_in_its_archive_alone_reads_as_the_one_it_was(limit: int) -> None:
    site = await furnished("archived")
    before = await read_out(site, BEN, limit)
    assert [m["text"] for m in before] == ["Zwetschgenknödel", "Kaiserschmarrn again"]
    site.lose_log()
    epoch = (await site.row())["session_epoch"]
    assert await read_out(site, BEN, limit) == before
    assert (await site.row())["session_epoch"] != epoch, "of which the directory knows the session"
    assert (await site.asks("restore")).status_code == 200, "the group is the archived one it was"


async def test_an_archive_that_the_directory_does_not_know_is_not_read_out() -> None:
    site = await furnished("lost")
    await FakeDatabase.rows(site.office.database, "UPDATE groups SET archive_head = ?", "00" * 32)
    with pytest.raises(AssertionError, match="unavailable"):
        await read_out(site, BEN, 100)
    assert site.house.group.room.status == "unopened"


async def test_a_group_that_never_was_opened_has_nothing_to_read_out() -> None:
    site = Site()
    site.lose_log()
    with pytest.raises(AssertionError, match="not_found"):
        await read_out(site, BEN, 100)


# ── archives ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def furnished(state: str) -> Site:
    """Ben said something in a group that was archived, that lives again, or whose log is in its archive alone."""
    site = Site()
    for name, group in ((ADA, GROUP), (BEN, GROUP)):
        await FakeDatabase.rows(
            site.office.database, "INSERT OR IGNORE INTO attendances (user_id, group_id) VALUES (?, ?)", name, group
        )
    site.house.sit(ADA).say("ours")
    ben = site.house.sit(BEN)
    ben.ok("edit", seq=ben.say("Kaiserschmarrn", client_msg_id="k"), text="Zwetschgenknödel")
    ben.say("Kaiserschmarrn again")
    assert (await site.asks("archive", "Germknödel")).status_code == 200
    if state == "restored":
        assert (await site.asks("restore")).status_code == 200
    elif state == "lost":
        site.lose_log()
    return site


async def let_go(site: Site, who: str = BEN) -> None:
    """What the App writes into the directory before it asks."""
    for statement in (
        "UPDATE people SET name = 'Erased', erased_at = '2026', disabled_at = '2026' WHERE id = ?",
        "DELETE FROM memberships WHERE user_id = ?",
    ):
        await FakeDatabase.rows(site.office.database, statement, who)
    await FakeDatabase.rows(site.office.database, "UPDATE groups SET version = version + 1")


async def asks_to_erase(site: Site, who: str = BEN) -> list[str]:
    """The groups that are pending afterwards."""
    target = f"/infra/people/{who}/erase"
    body = json.dumps({"by": ADA}).encode()
    signer = Signer(Tokens(ES256), APP_KEY, "app", "orchestrator", ORIGIN)
    signed = signer.headers("POST", target, body, now_s=site.office.now_ms // 1000, jti=site.office.jti())
    response = await site.office.post(target, body, signed)
    return list(response.json()["pending"]) if response.status_code == 200 else [GROUP]


def in_bucket(site: Site) -> str:
    return "".join(
        (gzip.decompress(value) if key.endswith(".gz") else value).decode() for key, value in site.store.objects.items()
    )


@pytest.mark.parametrize("state", ["archived", "lost"])
async def test_an_archive_loses_the_words_and_keeps_its_head(state: str) -> None:
    site = await furnished(state)
    before = await site.row()
    await let_go(site)
    assert await asks_to_erase(site) == []
    after = await site.row()
    assert (after["archive_head"], after["archived_at"]) == (before["archive_head"], before["archived_at"])
    verdict = site.verified(str(after["r2_path"]))
    assert verdict.head == before["archive_head"]
    assert len(verdict.erased) == 4, "joined, said, edited, said"
    assert not [word for word in ("Kaiserschmarrn", "Zwetschgenknödel") if word in in_bucket(site)]
    manifest = json.loads(site.store.objects[str(after["r2_path"]).replace(".ndjson.gz", ".manifest.json")])
    assert (BEN in manifest["seals"], ADA in manifest["seals"]) == (False, True)
    assert {member["name"] for member in manifest["members"] if member["id"] == BEN} == {""}
    assert len(site.store.objects) == 2


async def test_who_is_erased_while_the_log_is_being_archived_is_not_in_the_archive() -> None:
    site = await furnished("restored")
    site.house.sit(BEN).say("Kaiserschmarrn once more")
    site.house.call(Archive(user_id=ADA, reason="over"))
    assert site.house.group.room.status == "archiving"
    await let_go(site)
    assert await asks_to_erase(site) == []
    row = await site.row()
    assert row["status"] == "archived"
    assert site.verified(str(row["r2_path"])).erased
    assert "Kaiserschmarrn" not in in_bucket(site) + stored(site.house)
    assert len(site.store.objects) == 2


async def test_the_reason_of_an_archive_goes_with_whoever_gave_it() -> None:
    site = await furnished("archived")
    assert "Germknödel" in in_bucket(site)
    await let_go(site, ADA)
    assert await asks_to_erase(site, ADA) == []
    assert "Germknödel" not in in_bucket(site) + stored(site.house)
    assert site.verified(str((await site.row())["r2_path"])).erased


async def test_no_archive_is_removed_while_the_directory_points_at_it() -> None:
    """As when a restoration was cut off before the directory heard of it."""
    site = await furnished("restored")
    (path,) = (key for key in site.store.objects if key.endswith(".gz"))
    archived = "UPDATE groups SET status = 'archived', archived_at = '2026', r2_path = ?"
    await FakeDatabase.rows(site.office.database, archived, path)
    await let_go(site)
    assert await asks_to_erase(site) == [GROUP]
    assert path in site.store.objects
    assert (await site.asks("restore")).status_code == 200
    await site.ring()
    assert site.store.objects == {}
    assert await asks_to_erase(site) == []


async def test_a_restored_group_keeps_no_older_archive_and_its_chain_goes_through_the_old_head() -> None:
    site = await furnished("restored")
    head = (await site.row())["archive_head"]
    await let_go(site)
    assert await asks_to_erase(site) == []
    assert site.store.objects == {}
    assert (await site.asks("archive")).status_code == 200
    assert site.verified(str((await site.row())["r2_path"])).erased
    count = 1 + [e["type"] for e in site.house.log].index("group.archived")
    manifest = json.loads(
        site.store.objects[str((await site.row())["r2_path"]).replace(".ndjson.gz", ".manifest.json")]
    )
    assert (manifest["checkpoints"]["every"], manifest["checkpoints"]["values"][count - 1]) == (1, str(head)[:16])


async def test_what_was_erased_in_an_archive_is_said_once_the_group_lives_again() -> None:
    site = await furnished("archived")
    await let_go(site)
    await asks_to_erase(site)
    assert (await site.asks("restore")).status_code == 200
    assert [e["data"] for e in site.house.of_type("member.erased")] == [{"user_id": BEN}]
    hello = site.house.sit(ADA).hello
    assert_same_room(hello, believed(site.house.log), 50)
    assert "Kaiserschmarrn" not in stored(site.house)


async def test_a_log_read_back_from_a_rewritten_archive_shows_the_same_room() -> None:
    site = await furnished("archived")
    await let_go(site)
    await asks_to_erase(site)
    site.lose_log()
    assert (await site.asks("restore")).status_code == 200
    assert_same_room(site.house.sit(ADA).hello, believed(site.house.log), 50)


@pytest.mark.parametrize("state", ["archived", "lost", "restored"])
@pytest.mark.parametrize("manner", MANNERS)
async def test_an_erasure_is_finished_wherever_it_was_cut_off(manner: str, state: str) -> None:
    trial = await furnished(state)
    await let_go(trial)
    trial.faults.arm(0, "before")
    assert await asks_to_erase(trial) == []
    places = list(trial.faults.names)
    assert {"rpc ErasePerson", "remove"} <= set(places)
    for at in range(1, len(places) + 1):
        site = await furnished(state)
        head = (await site.row())["archive_head"]
        await let_go(site)
        site.faults.arm(at, manner)
        try:
            await asks_to_erase(site)
        except Killed:
            site.crash()
        site.faults.disarm()
        for _ in range(TRIES):
            row = await site.row()
            if row["status"] == "archived":
                assert site.verified(str(row["r2_path"])).head == head, f"never without an archive: {places[at - 1]}"
            await site.ring()
        assert await asks_to_erase(site) == [], places[at - 1]
        assert not [word for word in ("Kaiserschmarrn", "Zwetschgenknödel") if word in in_bucket(site)], places[at - 1]
        assert "Kaiserschmarrn" not in stored(site.house), places[at - 1]
        assert len(site.store.objects) == (0 if state == "restored" else 2), places[at - 1]


async def test_while_an_archive_is_rewritten_its_group_is_not_restored() -> None:
    site = await furnished("archived")
    known = site.house.group.room.known()
    site.house.call(ErasePerson(user_id=BEN, roster=known))
    with pytest.raises(GroupArchiving):
        site.house.call(
            Restore(
                by={"id": ADA, "kind": "user", "name": "Ada"}, reason="x", r2_path="", head="", opening=site.opening()
            )
        )
    await site.ring()
    assert (await site.asks("restore")).status_code == 200
