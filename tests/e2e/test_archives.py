"""Archives on the real runtime: read in parts, restored, deleted, and finished whatever was killed in between."""

import asyncio
import gzip
import json
import random
import sqlite3
import string
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from shared.tokens import Tokens
from tests.e2e.deployment import Team
from tests.e2e.seat import Seat, Sit
from tools.es256 import HostEs256
from tools.stack import Stack, StackError
from tools.verify import Verified, verify_archive

CONTROLLER = "GroupController"
PATIENCE_S = 60


def archive(team: Team, group_id: str, reason: str = "over") -> dict[str, Any]:
    return team.post("ada", f"/groups/{group_id}/archive", {"reason": reason})


def download(team: Team, group_id: str, method: str = "GET", **headers: str) -> httpx.Response:
    url = f"{team.deployment.origin('app')}/groups/{group_id}/archive"
    # As it is stored: httpx unpacks what says that it is encoded, and an archive does not.
    return team.deployment.request(method, url, headers={"Authorization": f"Bearer {team.bearers['ada']}", **headers})


def verified(team: Team, group_id: str) -> Verified:
    manifest = team.get("ada", f"/groups/{group_id}/archive/manifest")
    jwks = team.deployment.request("GET", f"{team.deployment.origin('orchestrator')}/.well-known/jwks.json").json()
    return verify_archive(manifest, download(team, group_id).content, jwks, Tokens(HostEs256()))


async def until(found: Callable[[], bool], what: str) -> None:
    """Asks until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(found):
        assert time.monotonic() < deadline, f"never came: {what}"


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_archive_is_read_in_parts(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    await (await sit("ada", group_id)).say("Fisch")
    archive(team, group_id)
    whole = download(team, group_id)
    size, tag = len(whole.content), whole.headers["etag"]
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    assert int(whole.headers["content-length"]) == size

    part = download(team, group_id, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{size}"
    assert download(team, group_id, Range="bytes=-7").content == whole.content[-7:]
    assert download(team, group_id, Range="bytes=7-").content == whole.content[7:]
    both = [download(team, group_id, Range=f"bytes={r}").content for r in ("0-99", "100-")]
    assert b"".join(both) == whole.content

    assert download(team, group_id, Range="bytes=0-9", **{"If-Range": tag}).status_code == 206
    changed = download(team, group_id, Range="bytes=0-9", **{"If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole.content)
    behind = download(team, group_id, Range=f"bytes={size}-")
    assert (behind.status_code, behind.json()["code"]) == (416, "range_not_satisfiable")
    assert behind.headers["content-range"] == f"bytes */{size}"
    known = download(team, group_id, **{"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)

    head = download(team, group_id, "HEAD")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert int(head.headers["content-length"]) == size


async def test_what_was_said_can_still_be_read_where_it_was_said(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    said = await (await sit("ada", group_id)).say("Fisch")
    archive(team, group_id)
    page = team.get("ben", f"/groups/{group_id}/messages?before={said + 1}&limit=1")
    assert page["events"][0]["data"]["text"] == "Fisch"
    assert team.call("cleo", "GET", f"/groups/{group_id}/messages").status_code == 404


# ── restoring ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restored_group_goes_on_where_it_ended(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    await ada.say("before")
    archive(team, group_id)
    await ada.until_closed()
    first = verified(team, group_id)
    assert team.call("ben", "POST", f"/groups/{group_id}/restore", {"reason": "x"}).status_code == 403
    assert team.post("ada", f"/groups/{group_id}/restore", {"reason": "we go on"}) == {"status": "active"}
    assert team.post("ada", f"/groups/{group_id}/restore", {"reason": "again"}) == {"status": "active"}

    await goes_on(team, sit, group_id, ada, first)
    assert len(team.deployment.stack.archive_keys(f"archives/{team.org_id}/{group_id}/")) == 4


async def test_a_group_whose_log_is_lost_is_restored_from_its_archive(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    seq = await ada.say("before")
    await ada.ok("react", seq=seq, emoji="👍")
    archive(team, group_id)
    await ada.until_closed()
    first = verified(team, group_id)
    await asyncio.to_thread(team.deployment.stack.lose_object, CONTROLLER, group_id)
    assert team.call("ada", "GET", f"/groups/{group_id}/messages").status_code == 404
    assert team.post("ada", f"/groups/{group_id}/restore", {"reason": "we go on"}) == {"status": "active"}

    again = await goes_on(team, sit, group_id, ada, first)
    (message,) = [m for m in again.hello["snapshot"]["messages"] if m["seq"] == seq]
    assert (message["text"], message["reactions"]) == ("before", {"👍": [team.ids["ada"]]})


async def goes_on(team: Team, sit: Sit, group_id: str, before: Seat, first: Verified) -> Seat:
    """Ada again, after a second archive that begins with the first."""
    head = len(first.lines)
    again = await sit("ada", group_id, since=head, epoch=before.hello["epoch"])
    assert (again.hello["recovered"], again.hello["head"]) == (False, head + 1)
    assert again.hello["epoch"] != before.hello["epoch"]
    assert await again.say("after") == head + 2
    archive(team, group_id)
    second = verified(team, group_id)
    assert second.lines[:head] == first.lines
    assert json.loads(second.lines[head])["type"] == "group.restored"
    values = team.get("ada", f"/groups/{group_id}/archive/manifest")["checkpoints"]["values"]
    assert values[head - 1] == first.head[:16]
    return again


# ── deleting ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_a_deleted_group_nothing_is_left_but_its_tombstone(team: Team, sit: Sit) -> None:
    group_id, stack = team.new_group("ben"), team.deployment.stack
    ben = await sit("ben", group_id)
    await ben.say("secret")
    assert team.call("ben", "DELETE", f"/groups/{group_id}").status_code == 403
    assert team.call("cleo", "DELETE", f"/groups/{group_id}").status_code == 404
    assert team.call("ada", "DELETE", f"/groups/{group_id}").json() == {"status": "deleted"}
    assert await ben.until_closed() == (4504, "group archived")

    assert stack.archive_keys(f"archives/{team.org_id}/{group_id}/") == []
    assert stack.object_sql(CONTROLLER, group_id, "SELECT count(*) AS n FROM events") == [{"n": 0}]
    assert stack.object_sql(CONTROLLER, group_id, "SELECT count(*) AS n FROM meta") == [{"n": 0}]
    (row,) = stack.query("SELECT status, title, archive_head, deleted_at, r2_path FROM groups WHERE id = ?", group_id)
    assert (row["status"], row["title"], row["r2_path"], len(row["archive_head"])) == ("deleted", "", None, 64)
    for method, path in (("GET", ""), ("GET", "/archive"), ("GET", "/messages"), ("POST", "/token"), ("DELETE", "")):
        assert team.call("ada", method, f"/groups/{group_id}{path}").status_code == 404
    assert team.call("ada", "POST", f"/groups/{group_id}/restore", {"reason": "x"}).status_code == 404
    assert group_id not in [group["group_id"] for group in team.get("ada", "/groups")["groups"]]


# ── the runtime dies ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_archive_is_finished_though_the_runtime_is_killed_in_the_middle(team: Team) -> None:
    """A log of several parts; killed once in its upload, and once somewhere behind."""
    stack = team.deployment.stack
    group_id = await killed_while_uploading(team)
    await until(
        lambda: meta(stack, group_id).get("status") == "archived" or "upload" in meta(stack, group_id), "a retry"
    )
    await asyncio.to_thread(stack.kill_runtime)
    await until(lambda: team.get("ada", f"/groups/{group_id}")["status"] == "archived", "the archive")

    whole = await asyncio.to_thread(verified, team, group_id)
    assert len(gzip.decompress(download(team, group_id).content).splitlines()) == len(whole.lines) > 600
    keys = stack.archive_keys(f"archives/{team.org_id}/{group_id}/")
    assert len(keys) == 2
    assert open_uploads(stack, group_id) == []
    done = archive(team, group_id)
    assert done["r2_path"] in keys


async def killed_while_uploading(team: Team) -> str:
    """A group whose archive was cut off so. An upload is short: on a busy machine one may be over before it is seen."""
    stack = team.deployment.stack
    for _ in range(6):
        group_id = team.new_group()
        await say_much(team, group_id, messages=750)
        asked = asyncio.create_task(asyncio.to_thread(try_to_archive, team, group_id))
        is_uploading = await uploads_before_it_is_archived(stack, group_id)
        if is_uploading:
            await asyncio.to_thread(stack.kill_runtime)
        await asked
        if is_uploading:
            return group_id
    raise AssertionError("no upload was ever seen")


async def uploads_before_it_is_archived(stack: Stack, group_id: str) -> bool:
    """Waits for either; whether it was an upload that was seen first."""
    seen: list[dict[str, str]] = []

    def look() -> bool:
        seen.append(meta(stack, group_id))
        return "upload" in seen[-1] or seen[-1].get("status") == "archived"

    await until(look, "an upload, or the end of one")
    return "upload" in seen[-1]


async def say_much(team: Team, group_id: str, messages: int) -> None:
    """Text that hardly packs: more than one part of an upload."""
    chance = random.Random(1)  # noqa: S311 -- not for secrets
    url = f"{team.deployment.origin('app')}/groups/{group_id}/messages"
    texts = iter(["".join(chance.choices(string.ascii_letters + string.digits, k=15_000)) for _ in range(messages)])

    async def speaker(client: httpx.AsyncClient) -> None:
        for text in texts:
            said = await client.post(url, json={"client_msg_id": text[:20], "text": text})
            assert said.status_code == 201, said.text

    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {team.bearers['ada']}"}, timeout=30) as client:
        await asyncio.gather(*(speaker(client) for _ in range(8)))


def try_to_archive(team: Team, group_id: str) -> None:
    try:
        team.call("ada", "POST", f"/groups/{group_id}/archive", {"reason": "over"})
    except httpx.HTTPError:
        return  # the runtime was killed under it


def meta(stack: Stack, group_id: str) -> dict[str, str]:
    try:
        return {row["key"]: row["value"] for row in stack.object_sql(CONTROLLER, group_id, "SELECT * FROM meta")}
    except (StackError, sqlite3.OperationalError):
        return {}  # the runtime is just coming up


def open_uploads(stack: Stack, group_id: str) -> list[str]:
    """Multipart uploads that were begun and neither completed nor aborted, from Miniflare's own tables."""
    found: list[str] = []
    for path in Path(stack.state_dir, "r2").rglob("*.sqlite"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = '_mf_multipart_uploads'").fetchone():
                rows = database.execute("SELECT key FROM _mf_multipart_uploads WHERE state = 0")
                found += [key for (key,) in rows if group_id in key]
    return found
