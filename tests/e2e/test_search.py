"""Search over a group's history, on the real runtime with its own SQLite."""

import asyncio
from typing import Any
from urllib.parse import quote

from tests.e2e.deployment import Team
from tests.e2e.seat import Sit

CONTROLLER = "GroupController"


def found(team: Team, group_id: str, q: str, who: str = "ada", more: str = "") -> list[dict[str, Any]]:
    return list(team.get(who, f"/groups/{group_id}/search?q={quote(q)}{more}")["hits"])


async def test_what_was_said_is_found_as_it_stands_now(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    first = await ada.say("The ovens arrive on Thursday")
    second = await ben.say("Thursday it is, with plum cake 🍰 for Thursday")
    third = await ada.say("never mind Thursday")
    await ada.ok("delete", seq=third)
    await ada.ok("edit", seq=first, text="The ovens arrive on Friday")
    (hit,) = await asyncio.to_thread(found, team, group_id, "thurs")
    assert (hit["seq"], hit["actor"]["name"], hit["edited"]) == (second, "Ben", False)
    assert [hit["text"][mark["start"] : mark["end"]] for mark in hit["marks"]] == ["Thursday", "Thursday"]
    (hit,) = await asyncio.to_thread(found, team, group_id, '"on friday"')
    assert (hit["seq"], hit["text"], hit["edited"]) == (first, "The ovens arrive on Friday", True)


async def test_a_page_goes_on_where_the_one_before_ended(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    said = [await ada.say(f"cake number {number}") for number in range(5)]
    page = await asyncio.to_thread(team.get, "ada", f"/groups/{group_id}/search?q=cake&limit=3")
    assert ([hit["seq"] for hit in page["hits"]], page["more"]) == (said[:1:-1], True)
    rest = await asyncio.to_thread(team.get, "ada", f"/groups/{group_id}/search?q=cake&limit=3&before={said[2]}")
    assert ([hit["seq"] for hit in rest["hits"]], rest["more"]) == (said[1::-1], False)


async def test_the_largest_of_all_seqs_is_a_place_like_any_other(team: Team, sit: Sit) -> None:
    group_id, last = team.new_group(), 2**53 - 1
    ada = await sit("ada", group_id)
    seq = await ada.say("cake")
    found = await asyncio.to_thread(team.get, "ada", f"/groups/{group_id}/search?q=cake&before={last}")
    assert [hit["seq"] for hit in found["hits"]] == [seq]
    assert team.get("ada", f"/groups/{group_id}/messages?before={last}")["events"][-1]["seq"] == seq
    assert team.get("ada", f"/groups/{group_id}/messages?after={last}")["events"] == []
    assert (await ada.ok("history", before=last))["events"][-1]["seq"] == seq


async def test_what_an_agent_said_is_found_and_an_archived_group_is_still_searched(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    await ada.say("We decided to open on Friday.")
    await ada.say("@scribe sum up")
    await ada.until_type("run.finished")
    team.post("ada", f"/groups/{group_id}/archive", {"reason": "The season is over"})
    kinds = {hit["actor"]["kind"] for hit in found(team, group_id, "friday")}
    assert kinds == {"user", "agent"}


def test_a_bad_question_is_told_so_and_a_strangers_learns_nothing(team: Team) -> None:
    group_id = team.new_group("ben")
    for tail in ("", "?q=", "?q=%22%22", "?q=a&limit=0", "?q=a&limit=51", "?q=a&before=0", f"?q={'x' * 201}"):
        refused = team.call("ada", "GET", f"/groups/{group_id}/search{tail}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_body"), tail
    for q in ('") OR 1', "NEAR(a b", "text:a", "-", "a AND", "a*^", "a%00b"):
        answer = team.call("ada", "GET", f"/groups/{group_id}/search?q={quote(q)}")
        assert answer.status_code in (200, 422), q
    assert team.call("cleo", "GET", f"/groups/{group_id}/search?q=a").status_code == 404
