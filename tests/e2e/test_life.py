"""What the platform does to a group: it drops its memory, kills its process, and everything goes on."""

import asyncio
import gzip
import hashlib
import json

from websockets.asyncio.client import connect

from tests.e2e.deployment import Team
from tests.e2e.promptness import within
from tests.e2e.seat import PATIENCE_S, Sit, routing_token, socket_url
from tools.verify import chain_head

CONTROLLER = "GroupController"


async def test_a_hibernated_group_goes_on_where_it_was(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    stack = team.deployment.stack
    before = await ada.say("before")
    await ben.until_seq(before)
    stack.evict(CONTROLLER, group_id)
    after = await ada.say("after")
    await ben.until_seq(after)
    stack.evict(CONTROLLER, group_id)
    assert (await ada.ok("send", client_msg_id="k", text="once"))["duplicate"] is False
    stack.evict(CONTROLLER, group_id)
    assert (await ada.ok("send", client_msg_id="k", text="once"))["duplicate"] is True
    assert await ben.refused("hello") == "conflict"
    assert ben.seqs == list(range(before, after + 2))


async def test_a_message_sent_over_http_wakes_the_group_and_reaches_its_sockets(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ben = await sit("ben", group_id)
    team.deployment.stack.evict(CONTROLLER, group_id)
    said = team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "h", "text": "over http"})
    await ben.until_seq(said["seq"])
    assert ben.events[-1]["data"]["text"] == "over http"


async def test_a_run_cut_by_the_death_of_its_object_ends_once_and_keeps_what_was_shown(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    for n in range(8):
        await ada.say(f"Crate number {n} of the harbour fish comes in the morning, before the ovens are warm.")
    await ada.say("@scribe sum up")
    await ada.until_type("run.delta", 2)
    await asyncio.to_thread(team.deployment.stack.kill_runtime)
    again = await sit("ada", group_id, since=ada.seqs[-1], epoch=ada.hello["epoch"])
    ending = (await again.until_type("run.finished"))[0]
    assert ending["data"]["outcome"] == "interrupted"
    shown = "".join(delta["text"] for delta in ada.of_type("run.delta"))
    kept = [e for e in again.of_type("message.created") if e.get("run_id") == ending["run_id"]]
    assert len(kept) == 1
    assert kept[0]["data"]["text"].startswith(shown)
    await again.say("@scribe once more")
    endings = await again.until_type("run.finished", 2)
    assert [e["data"]["outcome"] for e in endings] == ["interrupted", "success"]


async def test_a_group_sleeps_again_soon_after_a_run(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    await ada.say("@scribe sum up")
    await ada.until_type("run.finished")
    async with within(team, 5):
        await asyncio.to_thread(team.deployment.stack.evict, CONTROLLER, group_id)
    assert await ada.say("awake") > 0


async def test_a_deadline_survives_the_instance_that_set_it(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    token = await asyncio.to_thread(routing_token, team, "ben", group_id)
    async with connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None) as silent:
        async with within(team, 13):
            await asyncio.to_thread(team.deployment.stack.evict, CONTROLLER, group_id)
            await ada.say("a later deadline comes after this @scribe")
            bye = json.loads(await asyncio.wait_for(silent.recv(), PATIENCE_S))
        assert bye["code"] == 4501
        silent.transport.abort()


async def test_what_was_acknowledged_survives_the_kill_of_the_runtime(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    acknowledged = [await ada.say(f"{n}") for n in range(20)]
    await asyncio.to_thread(team.deployment.stack.kill_runtime)
    again = await sit("ada", group_id, since=0, epoch=ada.hello["epoch"])
    assert again.hello["recovered"] is True
    await again.until_seq(again.hello["head"])
    assert again.seqs == list(range(1, again.hello["head"] + 1))
    assert {e["seq"]: e["data"]["text"] for e in again.of_type("message.created")} == {
        seq: f"{n}" for n, seq in enumerate(acknowledged)
    }


async def test_a_removed_member_is_out_at_once_and_hears_nothing_more(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    team.deployment.stack.evict(CONTROLLER, group_id)
    async with within(team, 1):
        response = await asyncio.to_thread(team.call, "ada", "DELETE", f"/groups/{group_id}/members/{team.ids['ben']}")
        assert response.status_code == 200
        assert await ben.until_closed() == (4503, "removed")
    assert (await ada.until_type("member.left"))[0]["data"]["member"]["id"] == team.ids["ben"]
    await ada.say("now without Ben")
    assert ben.of_type("bye") == [{"type": "bye", "code": 4503, "reason": "removed", "reconnect": False}]
    assert ben.events == []
    assert team.call("ben", "POST", f"/groups/{group_id}/token").status_code == 404


async def test_a_new_member_is_announced_and_may_come_in(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    team.post("ada", f"/groups/{group_id}/members", {"user_id": team.ids["ben"], "role": "member"})
    assert (await ada.until_type("member.joined"))[0]["data"]["member"]["name"] == "Ben"
    team.post("ada", f"/groups/{group_id}/members", {"user_id": team.ids["ben"], "role": "owner"})
    assert (await ada.until_type("member.role_changed"))[0]["data"]["member"]["role"] == "owner"
    ben = await sit("ben", group_id)
    assert ben.hello["you"]["role"] == "owner"
    last_owner = team.call("ada", "DELETE", f"/groups/{group_id}/members/{team.ids['ada']}")
    assert last_owner.status_code == 200
    assert team.call("ben", "DELETE", f"/groups/{group_id}/members/{team.ids['ben']}").status_code == 409


async def test_an_archive_holds_the_log_as_it_was_seen(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id, since=0)
    await ada.say("one")
    await ada.say("@scribe sum up")
    await ada.until_type("run.finished")
    assert team.call("ben", "POST", f"/groups/{group_id}/archive", {"reason": "x"}).status_code == 403
    done = await asyncio.to_thread(team.post, "ada", f"/groups/{group_id}/archive", {"reason": "The season is over"})
    assert set(done) == {"archived_at", "r2_path"}
    assert await ada.until_closed() == (4504, "group archived")
    assert ada.events[-1]["data"] == {"reason": "The season is over"}
    assert team.post("ada", f"/groups/{group_id}/archive", {"reason": "again"}) == done

    packed = team.call("ben", "GET", f"/groups/{group_id}/archive").content
    assert team.deployment.stack.archive_bytes(done["r2_path"]) == packed
    lines = gzip.decompress(packed).splitlines()
    assert len(lines) == ada.seqs[-1] == len(ada.events)
    manifest = team.get("ben", f"/groups/{group_id}/archive/manifest")
    assert (manifest["head"], manifest["count"]) == (chain_head(lines, manifest["seals"]), len(lines))
    assert manifest["parts"][0]["sha256"] == hashlib.sha256(packed).hexdigest()
    assert team.get("ada", f"/groups/{group_id}")["status"] == "archived"
    late = team.call("ada", "POST", f"/groups/{group_id}/messages", {"client_msg_id": "l", "text": "late"})
    assert late.json()["code"] == "group_archived"
    assert team.call("ada", "POST", f"/groups/{group_id}/token").json()["code"] == "group_archived"
