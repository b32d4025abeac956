"""What is not yours and what is not there look alike, at every endpoint of the App and for everybody who may ask."""

import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from pydantic import BaseModel

from app.routes import endpoints
from shared.http import Endpoint
from tests.e2e.deployment import Deployment, Team
from tests.e2e.wire import Answer, RawRequest, Wire

Ids = Mapping[str, str]
ABSENT: Final[Ids] = {
    f"{name}_id": f"{kind}_{'0' * 26}"
    for name, kind in (
        ("org", "org"),
        ("group", "grp"),
        ("user", "usr"),
        ("agent", "agt"),
        ("token", "tok"),
        ("webhook", "whk"),
        ("delivery", "dlv"),
        ("run", "run"),
    )
}
# A good body for every endpoint that takes one; ids in braces are filled in. A new endpoint has to enter itself.
BODIES: Final[Mapping[str, object]] = {
    "POST /orgs": {"name": "Other", "owner_name": "Eve"},
    "POST /people": {"name": "Eve"},
    "POST /people/{user_id}/tokens": {"label": "eve"},
    "POST /people/{user_id}/erase": {"confirm": "{user_id}"},
    "POST /agents": {"handle": "eve", "name": "Eve", "provider": "builtin", "model": "scribe"},
    "PATCH /agents/{agent_id}": {"name": "Eve"},
    "PATCH /people/{user_id}": {"name": "Eve"},
    "PATCH /orgs/{org_id}": {"name": "Eve"},
    "POST /webhooks": {"url": "http://127.0.0.1:65535/", "events": ["message.created"], "label": "Eve"},
    "PATCH /webhooks/{webhook_id}": {"label": "Eve"},
    "POST /groups": {"org_id": "{org_id}", "title": "Eve", "is_private": True, "agent_ids": ["{agent_id}"]},
    "PATCH /groups/{group_id}": {"title": "Eve"},
    "POST /groups/{group_id}/members": {"user_id": "{user_id}", "role": "member"},
    "PATCH /groups/{group_id}/members/{user_id}": {"role": "member"},
    "POST /groups/{group_id}/agents": {"agent_id": "{agent_id}"},
    "POST /groups/{group_id}/messages": {"client_msg_id": "eve-1", "text": "Can anybody hear me?"},
    "POST /groups/{group_id}/archive": {"reason": "curious"},
    "POST /groups/{group_id}/restore": {"reason": "curious"},
}
# A good query for every endpoint that cannot do without.
QUERIES: Final[Mapping[str, str]] = {"GET /groups/{group_id}/search": "?q=anybody"}
REFUSED: Final = {403, 404, 422}
PATIENCE_S: Final = 60


@dataclass(frozen=True)
class Caller:
    """Somebody, the things that are theirs, and the things that exist and are none of their business."""

    bearer: str | None
    own: Ids
    foreign: Ids


@dataclass(frozen=True)
class Town:
    callers: Mapping[str, Caller]
    watched: tuple[tuple[Team, str, str], ...]
    """Groups that no call may change: whose eyes see them, and their ids."""

    def seen(self) -> list[dict[str, Any]]:
        return [team.get(who, f"/groups/{group_id}") for team, who, group_id in self.watched]


@pytest.fixture(scope="module")
def town(deployment: Deployment) -> Town:
    here, there = deployment.new_team(), deployment.new_team()
    shared, adas = here.new_group("ben", "cleo"), here.new_group()
    here.call("ada", "DELETE", f"/groups/{shared}/members/{here.ids['cleo']}").raise_for_status()
    cleos = here.post("cleo", "/groups", {"org_id": here.org_id, "title": "Cleo", "is_private": True})["group_id"]
    theirs = there.new_group("ben")

    def ids(team: Team, group_id: str, user: str) -> Ids:
        return {
            "org_id": team.org_id,
            "group_id": group_id,
            "user_id": team.ids[user],
            "agent_id": team.ids["scribe"],
            "token_id": token_of(team, user),
            **delivery_of(team),
            "run_id": run_of(team, group_id),
        }

    away, home = ids(there, theirs, "ben"), ids(here, shared, "ben")
    callers = {
        "owner": Caller(here.bearers["ada"], home, {**away, "group_id": cleos}),
        "owner, of another org's": Caller(here.bearers["ada"], home, away),
        "member": Caller(here.bearers["ben"], home, {**away, "group_id": adas}),
        "ex-member": Caller(here.bearers["cleo"], ids(here, cleos, "cleo"), {**away, "group_id": shared}),
        "other org": Caller(there.bearers["ada"], away, home),
        "nobody": Caller(None, home, home),
    }
    watched = ((here, "ada", shared), (here, "ada", adas), (here, "cleo", cleos), (there, "ada", theirs))
    return Town(callers, watched)


def token_of(team: Team, user: str) -> str:
    return str(team.get("ada", f"/people/{team.ids[user]}/tokens")["tokens"][0]["id"])


def delivery_of(team: Team) -> Ids:
    """Something that is on its way to a webhook where nobody answers; each team has one."""
    if "webhook" not in team.ids:
        new = {"url": "http://127.0.0.1:65535/", "events": ["message.created"], "label": "Test"}
        team.ids["webhook"] = team.post("ada", "/webhooks", new)["webhook"]["id"]
        said = {"client_msg_id": "to-be-told", "text": "Tell them"}
        team.post("ada", f"/groups/{team.new_group()}/messages", said)
    path, deadline = f"/webhooks/{team.ids['webhook']}/deliveries", time.monotonic() + PATIENCE_S
    while not (found := team.get("ada", path)["deliveries"]):
        assert time.monotonic() < deadline, "nothing is on its way"
    return {"webhook_id": team.ids["webhook"], "delivery_id": found[0]["id"]}


def run_of(team: Team, group_id: str) -> str:
    """A run of this group's scribe, which is over."""
    who = next(name for name in ("ada", "cleo") if team.call(name, "GET", f"/groups/{group_id}/messages").is_success)
    agent_id = team.ids["scribe"]
    team.call(who, "POST", f"/groups/{group_id}/agents", {"agent_id": agent_id}).raise_for_status()
    mentions = [{"kind": "agent", "id": agent_id}]
    asking = {"client_msg_id": "ask", "text": "Well?", "mentions": mentions}
    team.post(who, f"/groups/{group_id}/messages", asking)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        events = team.get(who, f"/groups/{group_id}/messages?limit=200")["events"]
        if runs := [event["run_id"] for event in events if event["type"] == "run.finished"]:
            return str(runs[0])
    raise AssertionError("the scribe never ended")


@pytest.fixture
async def app(deployment: Deployment) -> AsyncIterator[Wire]:
    async with Wire(deployment.origin("app")) as wire:
        yield wire


def parameters(row: Endpoint) -> list[str]:
    """The ids that a call names, in its path and in its body."""
    return re.findall(r"\{(\w+)\}", row.path + json.dumps(BODIES.get(f"{row.method} {row.path}", "")))


def must_be_asked(query: type[BaseModel]) -> bool:
    return any(member.is_required() for member in query.model_fields.values())


def asked(row: Endpoint, ids: Ids, bearer: str | None) -> RawRequest:
    def filled(text: str) -> str:
        return re.sub(r"\{(\w+_id)\}", lambda found: ids[found[1]], text)

    headers = [("Content-Type", "application/json")]
    headers += [("Authorization", f"Bearer {bearer}")] if bearer else []
    body = filled(json.dumps(BODIES[f"{row.method} {row.path}"])).encode() if row.body else b""
    target = filled(row.path) + QUERIES.get(f"{row.method} {row.path}", "")
    return RawRequest(row.method, target, tuple(headers), body)


def visible(answer: Answer) -> object:
    """All of an answer that its reader can tell apart."""
    body = {name: value for name, value in json.loads(answer.body).items() if name != "request_id"}
    # How many requests one has left counts one's own, whatever they found.
    own = ("x-request-id", "ratelimit")
    return answer.status, {name: value for name, value in answer.headers.items() if name not in own}, body


CASES = [(row, name) for row in endpoints.rows for name in parameters(row)]


def test_every_endpoint_is_in_the_matrix() -> None:
    assert {f"{row.method} {row.path}" for row in endpoints.rows if row.body} == set(BODIES)
    asking = {f"{row.method} {row.path}" for row in endpoints.rows if row.query and must_be_asked(row.query)}
    assert asking == set(QUERIES)
    assert {name for _, name in CASES} == set(ABSENT)


@pytest.mark.parametrize(("row", "name"), CASES, ids=[f"{row.method} {row.path} {name}" for row, name in CASES])
async def test_foreign_and_absent_look_alike(town: Town, app: Wire, row: Endpoint, name: str) -> None:
    before = town.seen()
    for who, caller in town.callers.items():
        foreign, absent = [
            await app.send(asked(row, {**caller.own, name: there[name]}, caller.bearer))
            for there in (caller.foreign, ABSENT)
        ]
        assert visible(foreign) == visible(absent), who
        if caller.bearer is None:
            assert (foreign.status, foreign.code) == (401, "invalid_credential")
        elif name == "group_id" and "{group_id}" in row.path:
            assert (foreign.status, foreign.code) == (404, "not_found"), who
        else:
            assert foreign.status in REFUSED, who
    assert town.seen() == before, "nothing has changed"


async def test_ones_own_is_found_by_the_same_calls(deployment: Deployment, app: Wire) -> None:
    team = deployment.new_team()
    group_id = team.new_group("ben", "cleo")
    own = {
        "org_id": team.org_id,
        "group_id": group_id,
        "user_id": team.ids["ben"],
        "agent_id": team.ids["scribe"],
        "token_id": token_of(team, "ben"),
        **delivery_of(team),
        "run_id": run_of(team, group_id),
    }
    rows = [row for row in endpoints.rows if parameters(row)]
    # What ends a membership, a group's agents or its life comes after what needs them.
    rows.sort(key=lambda row: (row.path.find("/archive") >= 0, row.method == "DELETE", row.method == "GET"))
    rows.sort(key=lambda row: (row.method, row.path) == ("DELETE", "/groups/{group_id}"))
    # An agent that is gone from the org cannot be sent out of a group.
    rows.sort(key=lambda row: (row.method, row.path) == ("DELETE", "/agents/{agent_id}"))
    # A delivery is there as long as its webhook.
    rows.sort(key=lambda row: (row.method, row.path) == ("DELETE", "/webhooks/{webhook_id}"))
    # Of somebody who was erased nothing is left to ask for.
    rows.sort(key=lambda row: row.path.endswith("/erase"))
    for row in rows:
        # The owner has to stay to the end.
        who = "cleo" if row.path.endswith("/leave") else "ada"
        answer = await app.send(asked(row, own, team.bearers[who]))
        assert answer.status in (200, 201), f"{row.method} {row.path}: {answer.status} {answer.body!r}"


@pytest.mark.parametrize("name", ["group_id", "user_id"])
async def test_a_routing_token_is_as_silent(town: Town, deployment: Deployment, name: str) -> None:
    async with Wire(deployment.origin("orchestrator")) as orchestrator:
        for who, caller in town.callers.items():
            answers = []
            for there in (caller.foreign, ABSENT):
                ids = {**caller.own, name: there[name]}
                body = json.dumps({key: ids[key] for key in ("group_id", "user_id")}).encode()
                headers = [("Content-Type", "application/json")]
                headers += [("Authorization", f"Bearer {caller.bearer}")] if caller.bearer else []
                answers.append(
                    await orchestrator.send(RawRequest("POST", "/infra/routing-token", tuple(headers), body))
                )
            assert visible(answers[0]) == visible(answers[1]), who
            assert answers[0].status == (404 if caller.bearer else 401), who
