"""Wherever archiving, restoring or deleting is cut off, it is finished, once, and nothing is lost on the way.

The core, the Orchestrator and the directory as they are; what fails is between them.
"""

import asyncio
import gzip
import json

import pytest

from durable_objects.archive import manifest_key
from durable_objects.calls import Archive
from durable_objects.effects import KeepSession, Rang
from durable_objects.lifecycle import Terms
from shared.ports import Row
from tests.durable_objects.house import GROUP, ORG
from tests.durable_objects.oracle import assert_same_room, believed
from tests.durable_objects.site import DAY_MS, Killed, Site
from tests.orchestrator.office import ADA, BEN
from tools.verify import chain_head

MANNERS = ("before", "after", "half", "wrong", "killed")
PREFIX = f"archives/{ORG}/{GROUP}/"
TRIES = 4


def furnished() -> Site:
    """A group in which something was said."""
    site = Site()
    ada, ben = site.house.sit(ADA), site.house.sit(BEN)
    first = ada.say("“Fisch” 👋🏽 \u2028", client_msg_id="k")
    ben.ok("react", seq=first, emoji="👍")
    ben.say("second")
    ada.ok("edit", seq=first, text="Kuchen")
    ada.ok("read", seq=first)
    return site


async def archived() -> Site:
    site = furnished()
    assert (await site.asks("archive")).status_code == 200
    return site


async def awaits(verb: str, site: Site) -> list[str]:
    """Every place at which this can be cut off."""
    site.faults.arm(0, "before")
    assert (await site.asks(verb)).status_code == 200
    return list(site.faults.names)


async def cut_off(site: Site, verb: str, at: int, manner: str) -> None:
    site.house.effects.clear()
    site.faults.arm(at, manner)
    try:
        await site.asks(verb)
    except Killed:
        site.crash()
    site.faults.disarm()


async def check_what_the_directory_says(site: Site) -> Row | None:
    """It never points at an archive that is not whole. The row, once it points at one."""
    row = await site.row()
    if row["status"] != "archived":
        return None
    assert site.verified(str(row["r2_path"])).head == row["archive_head"]
    return row


# ── archiving ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("manner", MANNERS)
async def test_archiving_is_finished_by_the_alarm_wherever_it_was_cut_off(manner: str) -> None:
    places = await awaits("archive", furnished())
    assert {"rpc Archive", "peer /infra/cleanup", "d1 UPDATE"} <= set(places)
    assert sum(name.startswith(("read", "write")) for name in places) == 4
    for at in range(1, len(places) + 1):
        site = furnished()
        await cut_off(site, "archive", at, manner)
        seen = [await check_what_the_directory_says(site)]
        if site.house.group.room.status == "active":  # it never came as far as the group
            assert (await site.row())["status"] == "active"
            await site.asks("archive")
        for _ in range(TRIES):
            if site.house.group.room.status == "archiving":
                assert site.has_alarm(), f"stranded at {places[at - 1]}"
                await site.ring()
            seen.append(await check_what_the_directory_says(site))
        assert len({str(row) for row in seen if row is not None}) == 1, "once archived, it says the same for ever"
        await check_archived(site, places[at - 1])


async def check_archived(site: Site, place: str) -> None:
    row = await site.row()
    assert (row["status"], site.house.group.room.status) == ("archived", "archived"), place
    path = str(row["r2_path"])
    assert sorted(site.store.objects) == sorted([path, manifest_key(path)]), place
    assert [json.loads(line) for line in site.verified(path).lines] == site.house.log
    assert [event["type"] for event in site.house.log][-1] == "group.archived"
    again = await site.asks("archive", "for another reason")
    assert again.json() == {"archived_at": row["archived_at"], "r2_path": path}
    assert await site.row() == row


async def test_while_it_is_archived_nothing_is_said_and_then_the_sockets_close() -> None:
    site = furnished()
    ada = site.house.sit(ADA)
    site.house.call(Archive(user_id=ADA, reason="over"))
    assert ada.refused("send", client_msg_id="x", text="late") == "group_archiving"
    await site.ring()
    assert ada.closed == (4504, "group archived")


async def test_two_that_archive_at_once_get_one_archive() -> None:
    site = furnished()
    first, second, third = await asyncio.gather(*(site.asks("archive", reason) for reason in ("one", "two", "three")))
    assert first.json() == second.json() == third.json()
    assert [event["type"] for event in site.house.log].count("group.archived") == 1
    await check_archived(site, "three at once")


async def test_a_session_that_never_reached_its_group_does_not_strand_it() -> None:
    at = (await awaits("roster", furnished())).index("rpc OpenSession") + 1
    for manner in ("before", "after", "killed"):
        site = furnished()
        await cut_off(site, "roster", at, manner)
        assert (await site.asks("archive")).status_code == 200
        await check_archived(site, manner)


# ── restoring ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def restorable(*, from_the_bucket: bool) -> Site:
    site = await archived()
    if from_the_bucket:
        site.lose_log()
    return site


@pytest.mark.parametrize("from_the_bucket", [False, True])
@pytest.mark.parametrize("manner", MANNERS)
async def test_a_restore_that_was_cut_off_is_asked_for_again_and_done_once(manner: str, from_the_bucket: bool) -> None:
    places = await awaits("restore", await restorable(from_the_bucket=from_the_bucket))
    assert "rpc Restore" in places
    for at in range(1, len(places) + 1):
        site = await restorable(from_the_bucket=from_the_bucket)
        row = await site.row()
        await cut_off(site, "restore", at, manner)
        assert (await site.asks("restore")).status_code == 200
        assert ((await site.row())["status"], site.house.group.room.status) == ("active", "active")
        assert [event["type"] for event in site.house.log].count("group.restored") == 1
        site.verified(str(row["r2_path"]))
        assert (await site.asks("archive")).status_code == 200, f"its session is lost after {places[at - 1]}"
        await check_second(site, str(row["r2_path"]))


async def check_second(site: Site, first_path: str) -> None:
    """The second archive begins with the first, word for word and link for link."""
    path = str((await site.row())["r2_path"])
    assert path != first_path
    first, second = site.verified(first_path), site.verified(path)
    assert second.lines[: len(first.lines)] == first.lines
    manifests = [json.loads(site.store.objects[manifest_key(key)]) for key in (first_path, path)]
    assert manifests[1]["checkpoints"]["values"][len(first.lines) - 1] == first.head[:16]


@pytest.mark.parametrize("from_the_bucket", [False, True])
async def test_a_restored_group_is_what_it_was_under_another_epoch(from_the_bucket: bool) -> None:
    site = await restorable(from_the_bucket=from_the_bucket)
    line = site.verified(str((await site.row())["r2_path"])).lines[-1]
    epoch = json.loads(line)["epoch"]
    assert (await site.asks("restore", "we go on")).status_code == 200

    ada = site.house.sit(ADA, since=json.loads(line)["seq"], epoch=epoch)
    assert ada.hello["recovered"] is False
    assert ada.hello["epoch"] != epoch
    assert site.house.sit(ADA, since=0).hello["recovered"] is False
    assert_same_room(ada.hello, believed(site.house.log), 50)
    restored = next(event for event in site.house.log if event["type"] == "group.restored")
    assert (restored["seq"], restored["data"]) == (json.loads(line)["seq"] + 1, {"reason": "we go on"})
    assert {event["epoch"] for event in site.house.log[restored["seq"] - 1 :]} == {ada.hello["epoch"]}
    assert ada.ok("send", client_msg_id="k", text="“Fisch” 👋🏽 \u2028")["duplicate"] is True
    assert ada.refused("send", client_msg_id="k", text="another") == "conflict"
    assert ada.say("after") == site.house.group.room.head


async def test_a_group_of_whose_restoration_the_directory_never_heard_is_archived_anew() -> None:
    site = await archived()
    before = await site.row()
    at = (await awaits("restore", await archived())).index("d1 UPDATE", 1)
    await cut_off(site, "restore", at + 1, "before")
    assert ((await site.row())["status"], site.house.group.room.status) == ("archived", "active")
    site.house.terms = Terms(idle_archive_days=30)
    site.house.wake()
    site.wait(31 * DAY_MS)
    await site.ring()
    await site.ring()
    row = await check_what_the_directory_says(site)
    assert row is not None
    assert row["r2_path"] != before["r2_path"]
    await check_second(site, str(before["r2_path"]))


@pytest.mark.parametrize("harm", ["gone", "damaged", "changed", "shortened", "another key"])
async def test_no_group_is_restored_from_what_the_directory_does_not_know(harm: str) -> None:
    site = await restorable(from_the_bucket=True)
    path = str((await site.row())["r2_path"])
    manifest = json.loads(site.store.objects[manifest_key(path)])
    match harm:
        case "gone":
            del site.store.objects[path]
        case "damaged":
            site.store.objects[path] = site.store.objects[path][:-20] + bytes(20)
        case "changed":
            text = gzip.decompress(site.store.objects[path])
            site.store.objects[path] = gzip.compress(text.replace(b"second", b"secret"))
        case "shortened":
            lines = gzip.decompress(site.store.objects[path]).splitlines(keepends=True)[:-1]
            site.store.objects[path] = gzip.compress(b"".join(lines))
            manifest |= {
                "count": len(lines),
                "last_seq": len(lines),
                "head": chain_head([*map(bytes.strip, lines)], manifest["seals"]),
            }
        case _:
            manifest["seals"][ADA] = "0" * 64
    site.store.objects[manifest_key(path)] = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()

    refused = await site.asks("restore")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert (site.house.group.room.status, (await site.row())["status"]) == ("unopened", "archived")
    assert site.house.log == [], "nothing of it is kept"


# ── deleting ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", ["active", "archived", "lost"])
@pytest.mark.parametrize("manner", MANNERS)
async def test_a_deletion_is_finished_wherever_it_was_cut_off(manner: str, before: str) -> None:
    places = await awaits("delete", await ready_to_go(before))
    assert "remove" in places
    for at in range(1, len(places) + 1):
        site = await ready_to_go(before)
        await cut_off(site, "delete", at, manner)
        for _ in range(TRIES):
            await check_what_the_directory_says(site)
            if site.house.group.room.status in ("archiving", "deleting"):
                assert site.has_alarm(), f"stranded at {places[at - 1]}"
                await site.ring()
        if (await site.row())["status"] != "deleted":
            assert (await site.asks("delete")).status_code == 200
        await check_deleted(site, places[at - 1])


async def ready_to_go(before: str) -> Site:
    site = furnished() if before == "active" else await archived()
    if before == "lost":
        site.lose_log()
    return site


async def check_deleted(site: Site, place: str) -> None:
    row = await site.row()
    assert (row["status"], row["title"], row["r2_path"]) == ("deleted", "", None), place
    assert row["deleted_at"] is not None
    assert row["archive_head"] is not None, "a copy of its archive can still be told from a forgery"
    assert [key for key in site.store.objects if key.startswith(PREFIX)] == [], place
    assert site.house.group.room.status == "unopened"
    assert site.house.log == []
    assert site.house.sql.execute("SELECT count(*) FROM meta") == [[0]]
    assert (await site.asks("delete")).status_code == 200
    assert (await site.asks("restore")).status_code == 404


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def timed(idle: int = 0, kept: int = 0) -> Site:
    site = furnished()
    site.house.terms = Terms(idle_archive_days=idle, retention_days=kept)
    site.house.wake()
    return site


async def test_a_group_that_is_silent_long_enough_is_archived_by_itself() -> None:
    site = await timed(idle=30)
    site.wait(29 * DAY_MS)
    site.house.sit(ADA).say("still here")
    site.wait(29 * DAY_MS)
    await site.ring()
    assert site.house.group.room.status == "active"
    site.wait(2 * DAY_MS)
    await site.ring()  # it begins
    await site.ring()  # and is finished
    await check_archived(site, "idle")
    assert site.house.log[-1]["data"]["reason"] == "Nothing was said for 30 days"


async def test_an_archive_is_deleted_when_its_time_is_over() -> None:
    site = await timed(kept=60)
    await site.asks("archive")
    site.wait(59 * DAY_MS)
    await site.ring()
    await check_archived(site, "kept")
    site.wait(2 * DAY_MS)
    await site.ring()
    await check_deleted(site, "kept long enough")


async def test_without_terms_nothing_ends_by_itself() -> None:
    site = await timed()
    for _ in range(3):
        site.wait(1000 * DAY_MS)
        await site.ring()
    assert (site.house.group.room.status, site.store.objects) == ("active", {})


async def test_a_group_that_sleeps_for_months_keeps_its_certificate_renewable() -> None:
    site = await timed(idle=300)
    renewals = 0
    for _ in range(299):
        site.wait(DAY_MS)
        if KeepSession() in site.house.happen(Rang()):
            await site.renew()
            renewals += 1
    assert renewals == 9
    site.wait(2 * DAY_MS)
    await site.ring()
    await site.ring()
    await check_archived(site, "after months")
