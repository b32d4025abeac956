"""Access that was taken away is gone at once: for requests, for routing tokens, for sockets that are open."""

import asyncio
import json
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.e2e.deployment import Deployment, Team
from tests.e2e.promptness import within
from tests.e2e.seat import Sit, routing_token, socket_url

CONTROLLER = "GroupController"
AT_ONCE_S = 1.0


def tokens_of(team: Team, name: str) -> list[dict[str, Any]]:
    return list(team.get("ada", f"/people/{team.ids[name]}/tokens")["tokens"])


def revoke(team: Team, name: str, at: int = 0, who: str = "ada") -> None:
    token_id = tokens_of(team, name)[at]["id"]
    answer = team.call(who, "DELETE", f"/people/{team.ids[name]}/tokens/{token_id}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["revoked_at"] is not None


def disable(team: Team, name: str) -> None:
    answer = team.call("ada", "DELETE", f"/people/{team.ids[name]}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["disabled_at"] is not None


async def measured(team: Team, work: Awaitable[object], report: list[str], what: str) -> None:
    async with within(team, AT_ONCE_S) as watch:
        await work
    report.append(f"{what}: {watch.elapsed_s * 1000:.0f} ms")


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_people_see_their_tokens_and_nothing_of_what_is_in_them(team: Team) -> None:
    path = f"/people/{team.ids['ben']}/tokens"
    made = team.post("ben", path, {"label": "phone", "expires_in_days": 1})
    for who in ("ben", "ada"):
        page = team.get(who, path)
        assert [token["label"] for token in page["tokens"]] == ["test", "phone"]
        assert set(page["tokens"][0]) == {"id", "label", "created_at", "expires_at", "revoked_at"}
        assert page["tokens"][1]["expires_at"] == made["expires_at"]
        assert made["token"][4:12] not in json.dumps(page)
    first = team.get("ben", f"{path}?limit=1")
    assert [token["label"] for token in team.get("ben", f"{path}?after={first['next']}")["tokens"]] == ["phone"]
    assert team.call("cleo", "GET", path).status_code == 403


def test_a_revoked_token_opens_nothing_and_the_others_do(team: Team, deployment: Deployment) -> None:
    group_id, path = team.new_group("ben"), f"/people/{team.ids['ben']}/tokens"
    old = team.bearers["ben"]
    team.bearers["phone"] = team.post("ben", path, {"label": "phone"})["token"]
    assert team.call("cleo", "DELETE", f"{path}/{tokens_of(team, 'ben')[0]['id']}").status_code == 403
    revoke(team, "ben", who="phone")
    revoke(team, "ben", who="phone")
    assert team.call("ben", "GET", "/me").json()["code"] == "invalid_credential"
    asked = {"group_id": group_id, "user_id": team.ids["ben"]}
    for bearer, status in ((old, 401), (team.bearers["phone"], 200)):
        url, headers = deployment.origin("orchestrator") + "/infra/routing-token", {"Authorization": f"Bearer {bearer}"}
        assert deployment.request("POST", url, json=asked, headers=headers).status_code == status
    assert team.call("phone", "DELETE", f"{path}/tok_{'0' * 26}").status_code == 404


def test_an_admin_rules_on_members_and_not_on_owners(team: Team) -> None:
    admin = team.post("ada", "/people", {"name": "Dana", "role": "admin"})["id"]
    team.bearers["dana"] = team.post("ada", f"/people/{admin}/tokens", {"label": "x"})["token"]
    adas = f"/people/{team.ids['ada']}"
    assert team.call("dana", "GET", f"{adas}/tokens").status_code == 403
    assert team.call("dana", "DELETE", f"{adas}/tokens/{tokens_of(team, 'ada')[0]['id']}").status_code == 403
    assert team.call("dana", "DELETE", adas).status_code == 403
    revoke(team, "ben", who="dana")
    for who, path in (("cleo", adas), ("cleo", f"/people/{team.ids['cleo']}")):
        assert team.call(who, "DELETE", path).status_code == 403
        assert team.call(who, "POST", f"{path}/enable").status_code == 403


# ── sockets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("hibernated", [False, True], ids=["awake", "hibernated"])
async def test_a_revoked_persons_sockets_close_in_all_groups_within_a_second(
    team: Team, sit: Sit, hostile_report: list[str], hibernated: bool
) -> None:
    group_ids = [team.new_group("ben") for _ in range(3)]
    adas = await sit("ada", group_ids[0])
    bens = [await sit("ben", group_id) for group_id in group_ids]
    if hibernated:
        for group_id in group_ids:
            await asyncio.to_thread(team.deployment.stack.evict, CONTROLLER, group_id)

    async def out() -> None:
        await asyncio.to_thread(revoke, team, "ben")
        assert [await ben.until_closed() for ben in bens] == [(4503, "revoked")] * 3

    await measured(team, out(), hostile_report, f"revoked, 3 sockets, {'hibernated' if hibernated else 'awake'}")
    await adas.say("now without Ben")
    assert all(ben.of_type("bye")[0]["reconnect"] is False and ben.of_type("message.created") == [] for ben in bens)
    assert team.get("ada", f"/groups/{group_ids[0]}")["members"][1]["name"] == "Ben", "still a member"


async def test_who_holds_another_token_comes_back_with_it_alone(team: Team, sit: Sit) -> None:
    group_id, path = team.new_group("ben"), f"/people/{team.ids['ben']}/tokens"
    team.bearers["phone"] = (await asyncio.to_thread(team.post, "ben", path, {"label": "phone"}))["token"]
    team.ids["phone"] = team.ids["ben"]
    before = await asyncio.to_thread(routing_token, team, "ben", group_id)
    ben = await sit("ben", group_id)
    await asyncio.to_thread(revoke, team, "ben")
    assert await ben.until_closed() == (4001, "revoked")
    assert ben.of_type("bye")[0]["reconnect"] is True
    with pytest.raises(InvalidStatus) as refusal:
        await connect(f"{socket_url(team, group_id)}?token={before}", ping_interval=None)
    assert refusal.value.response.status_code == 401, "a routing token of before"
    phone = await sit("phone", group_id)
    assert await phone.refused("refresh", token=before) == "invalid_credential"
    await asyncio.to_thread(revoke, team, "ben")
    assert await phone.say("asking again drops nobody who came since") > 0


@pytest.mark.parametrize("hibernated", [False, True], ids=["awake", "hibernated"])
async def test_a_client_that_never_spoke_hears_so_at_once_and_says_nothing_more(
    team: Team, sit: Sit, hostile_report: list[str], hibernated: bool
) -> None:
    group_id = team.new_group("ben")
    ada, token = await sit("ada", group_id), await asyncio.to_thread(routing_token, team, "ben", group_id)
    async with connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None, close_timeout=1) as silent:
        if hibernated:
            await asyncio.to_thread(team.deployment.stack.evict, CONTROLLER, group_id)

        async def out() -> None:
            await asyncio.to_thread(disable, team, "ben")
            bye = json.loads(await silent.recv())
            assert bye == {"type": "bye", "code": 4503, "reason": "revoked", "reconnect": False}

        await measured(team, out(), hostile_report, f"disabled, never spoke, {'hibernated' if hibernated else 'awake'}")
        with suppress(ConnectionClosed):
            await silent.send('{"id":1,"hello":{}}')
            await silent.send('{"id":2,"send":{"client_msg_id":"x","text":"I am still here"}}')
        last = await ada.say("heard by Ada alone")
        await ada.until_seq(last)
        assert [frame["data"]["text"] for frame in ada.of_type("message.created")] == ["heard by Ada alone"]
        with suppress(ConnectionClosed):
            async for frame in silent:
                assert '"ok"' not in str(frame)
                assert "heard by Ada" not in str(frame)


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_disabled_person_is_out_everywhere_until_enabled(team: Team, sit: Sit, deployment: Deployment) -> None:
    group_id = team.new_group("ben")
    token = await asyncio.to_thread(routing_token, team, "ben", group_id)
    ben, ada = await sit("ben", group_id), await sit("ada", group_id)
    await asyncio.to_thread(disable, team, "ben")
    assert await ben.until_closed() == (4503, "revoked")
    assert (await ada.until_type("presence"))[-1]["online"] is False
    for method, path in (("GET", "/me"), ("GET", f"/groups/{group_id}"), ("POST", f"/groups/{group_id}/token")):
        assert team.call("ben", method, path).json()["code"] == "invalid_credential"
    asked = {"group_id": group_id, "user_id": team.ids["ben"]}
    by_app = deployment.post_signed(deployment.app_signer(), "/infra/routing-token", asked)
    assert (by_app.status_code, by_app.json()["code"]) == (404, "not_found")
    with pytest.raises(InvalidStatus) as refusal:
        await connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None)
    assert refusal.value.response.status_code == 401
    path = f"/people/{team.ids['ben']}"
    assert team.call("ada", "POST", f"{path}/tokens", {"label": "x"}).json()["code"] == "conflict"
    assert [p["disabled_at"] is None for p in team.get("ada", "/people")["people"]] == [True, False, True]

    assert team.post("ada", f"{path}/enable")["disabled_at"] is None
    assert team.call("ben", "GET", "/me").status_code == 401, "what was revoked stays revoked"
    team.bearers["ben"] = team.post("ada", f"{path}/tokens", {"label": "again"})["token"]
    assert await (await sit("ben", group_id)).say("back again") > 0


def test_an_org_keeps_an_owner_who_may_come_in(team: Team) -> None:
    path = f"/people/{team.ids['ada']}"
    answer = team.call("ada", "DELETE", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert team.get("ada", "/me")["disabled_at"] is None
