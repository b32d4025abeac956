"""A person is read out and erased on the real runtime: name, credentials and words, in groups and archives."""

import asyncio
import gzip
import json
from typing import Any

from tests.e2e.deployment import Deployment, Team
from tests.e2e.seat import Sit
from tests.e2e.test_archives import archive, download, verified

CONTROLLER = "GroupController"


def exported(team: Team, who: str, whose: str) -> list[dict[str, Any]]:
    response = team.call(who, "GET", f"/people/{team.ids[whose]}/messages")
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def erase(team: Team, who: str, whose: str) -> dict[str, Any]:
    return team.post(who, f"/people/{team.ids[whose]}/erase", {"confirm": team.ids[whose]})


async def test_a_person_is_erased_where_they_are_where_they_left_and_where_all_is_over(team: Team, sit: Sit) -> None:
    here, left, over, lost = (team.new_group("ben") for _ in range(4))
    for group_id in (here, left, over, lost):
        await (await sit("ben", group_id)).say("Kaiserschmarrn")
    team.call("ben", "POST", f"/groups/{left}/leave").raise_for_status()
    heads = {}
    for group_id in (over, lost):
        archive(team, group_id)
        heads[group_id] = verified(team, group_id).head
    await asyncio.to_thread(team.deployment.stack.lose_object, CONTROLLER, lost)

    *said, end = exported(team, "ada", "ben")
    assert [line["group_id"] for line in said] == sorted([here, left, over, lost])
    assert {line["message"]["text"] for line in said} == {"Kaiserschmarrn"}
    assert end == {"messages": 4, "unread": []}, "a log that is in its archive alone is read from there"
    assert exported(team, "ada", "ben") == [*said, end]
    await asyncio.to_thread(team.deployment.stack.lose_object, CONTROLLER, lost)

    ada, ben = await sit("ada", here), await sit("ben", here)
    assert erase(team, "ada", "ben") == {"status": "erased", "erased_groups": 4, "pending": []}
    (told,) = await ada.until_type("member.erased")
    assert told["data"] == {"user_id": team.ids["ben"]}
    await ben.until_closed()
    for group_id in (here, left, over):
        assert "Kaiserschmarrn" not in team.call("ada", "GET", f"/groups/{group_id}/messages").text
    assert team.get("ada", f"/groups/{here}/search?q=Kaiserschmarrn")["hits"] == []
    for group_id, head in heads.items():
        verdict = verified(team, group_id)
        assert verdict.head == head
        assert verdict.erased
        assert b"Kaiserschmarrn" not in gzip.decompress(download(team, group_id).content)

    assert team.call("ben", "GET", "/me").status_code == 401
    record = team.get("ada", f"/people/{team.ids['ben']}")
    assert (record["name"], record["erased_at"] is None) == ("Erased", False)
    again = team.call("ada", "POST", f"/people/{team.ids['ben']}/enable")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    joining = {"user_id": team.ids["ben"], "role": "member"}
    assert team.call("ada", "POST", f"/groups/{here}/members", joining).status_code == 409
    assert team.call("ada", "PATCH", f"/people/{team.ids['ben']}", {"name": "Ben"}).status_code == 409
    assert erase(team, "ada", "ben") == {"status": "erased", "erased_groups": 0, "pending": []}


async def test_one_erases_oneself_and_a_group_keeps_an_owner(team: Team, sit: Sit) -> None:
    new = {"org_id": team.org_id, "title": "Ben's", "is_private": True}
    group_id = str(team.post("ben", "/groups", new)["group_id"])
    team.post("ben", f"/groups/{group_id}/members", {"user_id": team.ids["cleo"], "role": "member"})
    await (await sit("ben", group_id)).say("mine")
    assert exported(team, "ben", "ben")[-1] == {"messages": 1, "unread": []}
    assert erase(team, "ben", "ben")["status"] == "erased"
    members = team.get("cleo", f"/groups/{group_id}/members")["members"]
    assert [(m["user_id"], m["role"]) for m in members] == [(team.ids["cleo"], "owner")]
    events = team.get("cleo", f"/groups/{group_id}/messages")["events"]
    assert [e["actor"]["id"] for e in events if e["type"] == "member.erased"] == ["system"]


def test_who_may_not_erase_or_read_out(deployment: Deployment, team: Team) -> None:
    path, confirmed = f"/people/{team.ids['ben']}", {"confirm": team.ids["ben"]}
    assert team.call("cleo", "POST", f"{path}/erase", confirmed).status_code == 403
    assert team.call("cleo", "GET", f"{path}/messages").status_code == 403
    other = team.call("ada", "POST", f"{path}/erase", {"confirm": team.ids["cleo"]})
    assert (other.status_code, other.json()["code"]) == (422, "invalid_body")
    last = team.call("ada", "POST", f"/people/{team.ids['ada']}/erase", {"confirm": team.ids["ada"]})
    assert (last.status_code, last.json()["code"]) == (409, "conflict")
    assert team.get("ada", path)["name"] == "Ben"
    stranger = deployment.new_team()
    assert stranger.call("ada", "POST", f"{path}/erase", confirmed).status_code == 404
