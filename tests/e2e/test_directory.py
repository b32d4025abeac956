"""The directory's own calls: agents, people, orgs, members. What changes there reaches the groups at once."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.deployment import Deployment, Team
from tests.e2e.seat import Sit

CONTROLLER = "GroupController"


def refusal(response: Any) -> tuple[int, str]:  # noqa: ANN401 -- an httpx.Response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def patched(team: Team, path: str, who: str = "ada", **changes: object) -> dict[str, Any]:
    response = team.call(who, "PATCH", path, changes)
    assert response.is_success, response.text
    return dict(response.json())


# ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_changed_agent_is_known_in_its_groups_at_once(team: Team, sit: Sit) -> None:
    groups = [team.new_group(), team.new_group()]
    seats = [await sit("ada", group_id) for group_id in groups]
    team.deployment.stack.evict(CONTROLLER, groups[1])
    path = f"/agents/{team.ids['scribe']}"
    changed = await asyncio.to_thread(patched, team, path, handle="clerk", name="Clerk", instructions="Be brief.")
    assert (changed["handle"], changed["name"], changed["model"]) == ("clerk", "Clerk", "scribe")
    assert team.get("ben", path) == changed
    for seat in seats:
        agent = (await seat.until_type("agent.changed"))[0]["data"]["agent"]
        assert agent == {"id": team.ids["scribe"], "handle": "clerk", "name": "Clerk"}
    await seats[1].say("@clerk sum up")
    await seats[1].until_type("run.started")
    await seats[1].until_type("run.finished")


async def test_what_only_concerns_an_agents_own_words_is_no_event(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    patched(team, f"/agents/{team.ids['scribe']}", instructions="Be brief.", tools=["search_history"])
    team.call("ada", "PATCH", f"/groups/{group_id}", {"title": "Other"})
    await ada.until_type("group.updated")
    assert ada.of_type("agent.changed") == []


async def test_a_deleted_agent_leaves_its_groups_and_its_handle(team: Team, sit: Sit) -> None:
    group_id, archived = team.new_group(), team.new_group()
    team.post("ada", f"/groups/{archived}/archive", {"reason": "over"})
    ada = await sit("ada", group_id)
    await ada.say("@scribe sum up")
    await ada.until_type("run.finished")
    path = f"/agents/{team.ids['scribe']}"
    assert refusal(team.call("ben", "DELETE", path)) == (403, "forbidden")
    assert (await asyncio.to_thread(team.call, "ada", "DELETE", path)).json() == {"status": "ok"}
    assert (await ada.until_type("agent.removed"))[0]["data"]["agent"]["handle"] == "scribe"
    for method in ("GET", "DELETE", "PATCH"):
        body = {"name": "x"} if method == "PATCH" else None
        assert refusal(team.call("ada", method, path, body)) == (404, "not_found")
    assert team.get("ada", "/agents")["agents"] == team.get("ada", f"/groups/{group_id}")["agents"] == []
    added = team.call("ada", "POST", f"/groups/{group_id}/agents", {"agent_id": team.ids["scribe"]})
    assert refusal(added) == (404, "not_found")
    again = {"handle": "scribe", "name": "Scribe", "provider": "builtin", "model": "scribe"}
    assert team.post("ada", "/agents", again)["id"] != team.ids["scribe"]


def test_a_bad_change_of_an_agent_is_refused(team: Team) -> None:
    path = f"/agents/{team.ids['scribe']}"
    other = {"handle": "librarian", "name": "Librarian", "provider": "builtin", "model": "librarian"}
    team.post("ada", "/agents", other)
    before = team.get("ada", path)
    for body in ({}, {"name": None}, {"handle": "No Handle"}, {"tools": ["a tool"]}, {"surprise": 1}):
        assert refusal(team.call("ada", "PATCH", path, body)) == (422, "invalid_body"), body
    assert refusal(team.call("ada", "PATCH", path, {"handle": "librarian"})) == (409, "conflict")
    assert refusal(team.call("ben", "PATCH", path, {"name": "Mine"})) == (403, "forbidden")
    assert team.get("ada", path) == before


# ── members ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_members_are_listed_a_page_at_a_time(team: Team) -> None:
    group_id = team.new_group("ben", "cleo")
    first = team.get("ben", f"/groups/{group_id}/members?limit=2")
    rest = team.get("ben", f"/groups/{group_id}/members?limit=2&after={first['next']}")
    assert rest["next"] is None
    assert [*first["members"], *rest["members"]] == team.get("ada", f"/groups/{group_id}")["members"]


async def test_a_role_is_changed_and_the_last_owner_stays(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ben = await sit("ben", group_id)
    members = f"/groups/{group_id}/members"
    assert refusal(team.call("ben", "PATCH", f"{members}/{team.ids['ben']}", {"role": "owner"})) == (403, "forbidden")
    assert refusal(team.call("ada", "PATCH", f"{members}/{team.ids['ada']}", {"role": "member"})) == (409, "conflict")
    assert refusal(team.call("ada", "PATCH", f"{members}/{team.ids['cleo']}", {"role": "owner"})) == (404, "not_found")
    made = patched(team, f"{members}/{team.ids['ben']}", role="owner")
    assert made == team.get("ada", f"{members}/{team.ids['ben']}")
    assert (await ben.until_type("member.role_changed"))[0]["data"]["member"]["role"] == "owner"
    assert patched(team, f"{members}/{team.ids['ada']}", role="member")["role"] == "member"


async def test_two_owners_who_leave_at_once_leave_one_behind(team: Team) -> None:
    group_id = team.new_group("ben")
    patched(team, f"/groups/{group_id}/members/{team.ids['ben']}", role="owner")
    left = await asyncio.gather(
        *(asyncio.to_thread(team.call, who, "POST", f"/groups/{group_id}/leave") for who in ("ada", "ben"))
    )
    assert sorted(response.status_code for response in left) == [200, 409]


def test_whoever_leaves_is_out(team: Team) -> None:
    group_id = team.new_group("ben")
    assert team.post("ben", f"/groups/{group_id}/leave") == {"status": "ok"}
    assert refusal(team.call("ben", "GET", f"/groups/{group_id}")) == (404, "not_found")
    assert refusal(team.call("ada", "POST", f"/groups/{group_id}/leave")) == (409, "conflict")
    public = team.new_group(is_private=False)
    assert refusal(team.call("cleo", "POST", f"/groups/{public}/leave")) == (404, "not_found")


# ── people and orgs ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_name_reaches_everybody_at_once_and_is_what_one_speaks_under(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    path = f"/people/{team.ids['ben']}"
    renamed = await asyncio.to_thread(patched, team, path, "ben", name="Benjamin")
    assert renamed == team.get("ada", path)
    assert (await ada.until_type("member.renamed"))[0]["data"]["member"]["name"] == "Benjamin"
    await ben.say("It is me")
    assert (await ada.until_type("message.created"))[0]["actor"]["name"] == "Benjamin"


def test_who_may_say_what_about_whom(team: Team) -> None:
    ada, ben, cleo = (f"/people/{team.ids[name]}" for name in ("ada", "ben", "cleo"))
    assert patched(team, ben, role="admin")["role"] == "admin"
    assert patched(team, cleo, "ben", name="Cleopatra", role="admin")["name"] == "Cleopatra"
    assert patched(team, cleo, "cleo", role="member")["role"] == "member"
    for who, path, change in (
        ("cleo", cleo, {"role": "admin"}),
        ("cleo", ben, {"name": "Mine"}),
        ("ben", ben, {"role": "owner"}),
        ("ben", cleo, {"role": "owner"}),
        ("ben", ada, {"name": "Mine"}),
        ("ben", ada, {"role": "member"}),
    ):
        assert refusal(team.call(who, "PATCH", path, change)) == (403, "forbidden"), (who, change)
    assert refusal(team.call("ada", "PATCH", ada, {"role": "member"})) == (409, "conflict")
    patched(team, cleo, role="owner")
    assert patched(team, ada, role="member")["role"] == "member"


def test_an_org_is_read_and_renamed(team: Team, deployment: Deployment) -> None:
    path = f"/orgs/{team.org_id}"
    assert refusal(team.call("ben", "PATCH", path, {"name": "Mine"})) == (403, "forbidden")
    assert patched(team, path, name="Harbour & Sons")["name"] == "Harbour & Sons"
    assert team.get("ben", path)["name"] == "Harbour & Sons"
    other = deployment.new_team()
    assert refusal(other.call("ada", "GET", path)) == (404, "not_found")


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("show", ["mine", "joinable"])
def test_groups_are_found_by_status_and_by_how_their_title_begins(team: Team, show: str) -> None:
    who = "ada" if show == "mine" else "ben"
    ids = {}
    long = "A title that goes on and on, as titles do that somebody wrote who had a lot to say: " + "more, " * 10
    for title in ("Winter menu", "WINTER party", "100% rye", "100 loaves", long):
        new = {"org_id": team.org_id, "title": title, "is_private": False}
        ids[title] = team.post("ada", "/groups", new)["group_id"]
    team.post("ada", f"/groups/{ids['WINTER party']}/archive", {"reason": "over"})

    def titles(query: str) -> set[str]:
        return {group["title"] for group in team.get(who, f"/groups?show={show}&{query}")["groups"]}

    gone = {"WINTER party"} if show == "mine" else set()
    assert titles("title=winter") == {"Winter menu"} | gone
    assert titles("title=100%25") == {"100% rye"}
    assert titles("status=archived") == gone
    assert titles("status=active&title=1") == {"100% rye", "100 loaves"}
    assert titles("title=menu") == set()
    assert titles(f"title={quote(long[:120])}") == {long.strip()}
    assert refusal(team.call(who, "GET", "/groups?status=deleted")) == (422, "invalid_body")


# ── of two changes at once one is told that it lost ─────────────────────────────────────────────────────────────────


async def test_no_change_is_lost_to_another_made_at_the_same_moment(team: Team) -> None:
    group_id = team.new_group()
    changes = [{"title": f"Title {n}"} if n % 2 else {"turn_budget": n + 1} for n in range(8)]
    answers = await asyncio.gather(
        *(asyncio.to_thread(team.call, "ada", "PATCH", f"/groups/{group_id}", change) for change in changes)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = [change for change, answer in zip(changes, answers, strict=True) if answer.status_code == 200]
    assert done
    group = team.get("ada", f"/groups/{group_id}")
    for member in ("title", "turn_budget"):
        made = [change[member] for change in done if member in change]
        assert not made or group[member] in made


def test_a_change_may_be_bound_to_what_was_read(team: Team, deployment: Deployment) -> None:
    paths = {
        f"/groups/{team.new_group('ben')}": {"title": "New"},
        f"/agents/{team.ids['scribe']}": {"name": "New"},
        f"/people/{team.ids['ben']}": {"name": "New"},
        f"/orgs/{team.org_id}": {"name": "New"},
    }
    bearer = {"Authorization": f"Bearer {team.bearers['ada']}"}
    for path, change in paths.items():
        url = deployment.origin("app") + path
        tag = deployment.request("GET", url, headers=bearer).headers["etag"]
        assert deployment.request("GET", url, headers=bearer | {"If-None-Match": tag}).status_code == 304
        first = deployment.request("PATCH", url, json=change, headers=bearer | {"If-Match": tag})
        assert first.status_code == 200, first.text
        assert first.headers["etag"] == deployment.request("GET", url, headers=bearer).headers["etag"] != tag
        late = deployment.request("PATCH", url, json=change, headers=bearer | {"If-Match": tag})
        assert refusal(late) == (412, "precondition_failed")
