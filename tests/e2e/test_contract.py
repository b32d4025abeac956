"""Every call of the contract: its path, its members, its authentication."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from shared.signing import Signer
from tests.e2e.agent_request import run_request
from tests.e2e.deployment import Deployment, Team, new_jti
from tests.e2e.seat import Sit, routing_token, socket_url
from tools.es256 import new_private_key

STRANGER = "grp_00000000000000000000000000"


def problem(response: Any) -> tuple[int, str]:  # noqa: ANN401 -- an httpx.Response
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["code"]


# ── App API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_group_is_created_and_read_back(team: Team) -> None:
    new = {"org_id": team.org_id, "title": "Launch", "is_private": True, "agent_ids": [team.ids["scribe"]]}
    created = team.post("ada", "/groups", new)
    assert set(created) == {"group_id", "status", "created_at"}
    assert created["status"] == "active"
    group = team.get("ada", f"/groups/{created['group_id']}")
    assert (group["title"], group["is_private"], group["status"]) == ("Launch", True, "active")
    assert group["members"] == [{"user_id": team.ids["ada"], "name": "Ada", "role": "owner"}]
    assert group["agents"] == [{"agent_id": team.ids["scribe"], "handle": "scribe", "name": "Scribe"}]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"title": "", "is_private": True}, (422, "invalid_body")),
        ({"title": "x", "is_private": "yes please"}, (422, "invalid_body")),
        ({"title": "x", "is_private": True, "surprise": 1}, (422, "invalid_body")),
        ({"title": "x", "is_private": True, "agent_ids": ["agt_00000000000000000000000000"]}, (404, "not_found")),
        ({"title": "x", "is_private": True, "org_id": "org_00000000000000000000000000"}, (404, "not_found")),
    ],
)
def test_a_bad_group_is_refused_by_what_is_wrong_with_it(
    team: Team, body: Mapping[str, object], expected: tuple[int, str]
) -> None:
    assert problem(team.call("ada", "POST", "/groups", {"org_id": team.org_id, **body})) == expected


def test_what_is_not_json_is_a_bad_request(team: Team, deployment: Deployment) -> None:
    url, bearer = f"{deployment.origin('app')}/groups", {"Authorization": f"Bearer {team.bearers['ada']}"}
    sent = {"content": b"{", "headers": bearer | {"Content-Type": "application/json"}}
    assert problem(deployment.request("POST", url, **sent)) == (400, "bad_request")
    assert problem(deployment.request("POST", url, content=b"{}", headers=bearer)) == (415, "unsupported_media_type")
    huge = {"content": b" " * 2_000_000, "headers": bearer | {"Content-Type": "application/json"}}
    assert problem(deployment.request("POST", url, **huge)) == (413, "too_large")
    assert problem(deployment.request("PUT", url, headers=bearer)) == (405, "method_not_allowed")


def test_a_private_group_exists_for_its_members_alone(team: Team, deployment: Deployment) -> None:
    group_id = team.new_group("ben")
    other = deployment.new_team()
    calls = [("GET", ""), ("POST", "/token"), ("GET", "/messages"), ("GET", "/archive"), ("GET", "/archive/manifest")]
    for who, whose in (("cleo", team), ("ada", other)):
        for method, tail in calls:
            foreign = whose.call(who, method, f"/groups/{group_id}{tail}")
            absent = whose.call(who, method, f"/groups/{STRANGER}{tail}")
            assert problem(foreign) == problem(absent) == (404, "not_found")
    assert problem(deployment.request("GET", f"{deployment.origin('app')}/groups/{group_id}")) == (
        401,
        "invalid_credential",
    )


async def test_a_new_title_reaches_everybody_at_once(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ben = await sit("ben", group_id)
    assert problem(team.call("ben", "PATCH", f"/groups/{group_id}", {"title": "Mine"})) == (403, "forbidden")
    changed = team.call("ada", "PATCH", f"/groups/{group_id}", {"title": "Winter menu"}).json()
    assert changed["title"] == "Winter menu"
    assert (await ben.until_type("group.updated"))[0]["data"]["title"] == "Winter menu"
    for nothing in ({}, {"title": None}, {"hop_limit": 0}, {"turn_policy": "selector"}):
        assert problem(team.call("ada", "PATCH", f"/groups/{group_id}", nothing)) == (422, "invalid_body")


async def test_how_agents_take_turns_is_changed_in_front_of_everybody(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ben = await sit("ben", group_id)
    change = {"turn_policy": "all", "run_token_limit": 500, "on_busy": "merge"}
    changed = team.call("ada", "PATCH", f"/groups/{group_id}", change).json()
    assert (changed["turn_policy"], changed["run_token_limit"], changed["title"]) == ("all", 500, "Test")
    seen = (await ben.until_type("group.updated"))[0]["data"]
    assert seen["turns"].items() >= change.items()
    team.call("ada", "PATCH", f"/groups/{group_id}", {"run_token_limit": None})
    assert "run_token_limit" not in (await ben.until_type("group.updated", 2))[1]["data"]["turns"]
    assert team.get("ben", f"/groups/{group_id}")["run_token_limit"] is None


def test_a_public_group_is_seen_by_its_org_and_joined(team: Team) -> None:
    group_id = team.new_group(is_private=False)
    assert [g["group_id"] for g in team.get("cleo", "/groups?show=joinable")["groups"]] == [group_id]
    assert team.get("cleo", "/groups")["groups"] == team.get("ada", "/groups?show=joinable")["groups"] == []
    assert team.get("cleo", f"/groups/{group_id}")["my_role"] is None
    assert problem(team.call("cleo", "POST", f"/groups/{group_id}/token")) == (403, "forbidden")
    assert team.post("cleo", f"/groups/{group_id}/join")["role"] == "member"
    assert "routing_token" in team.post("cleo", f"/groups/{group_id}/token")


def test_an_agent_handle_is_taken_once_in_an_org(team: Team) -> None:
    again = {"handle": "scribe", "name": "Other", "provider": "builtin", "model": "scribe"}
    assert problem(team.call("ada", "POST", "/agents", again)) == (409, "conflict")
    assert problem(team.call("ben", "POST", "/agents", again)) == (403, "forbidden")


# ── Orchestrator API ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_app_opens_a_session_and_gets_key_and_certificate(team: Team, deployment: Deployment) -> None:
    group_id = team.new_group()
    opened = team.open_session(group_id)
    assert set(opened) == {"group_controller_id", "session_private_key", "session_certificate"}
    assert set(opened["session_private_key"]) == {"kty", "crv", "x", "y", "d"}
    body = {"group_id": STRANGER, "org_id": team.org_id, "user_id": team.ids["ada"]}
    assert problem(deployment.post_signed(deployment.app_signer(), "/infra/groups", body)) == (404, "not_found")


def test_an_unsigned_or_wrongly_signed_request_is_refused(team: Team, deployment: Deployment) -> None:
    body = {"group_id": team.new_group(), "org_id": team.org_id, "user_id": team.ids["ada"]}
    url = f"{deployment.origin('orchestrator')}/infra/groups"
    assert problem(deployment.request("POST", url, json=body)) == (401, "invalid_credential")
    stranger = deployment.app_signer(new_private_key())
    assert problem(deployment.post_signed(stranger, "/infra/groups", body)) == (401, "invalid_credential")
    elsewhere = replace(deployment.app_signer(), origin="http://elsewhere")
    raw = json.dumps(body).encode()
    signed = elsewhere.headers("POST", "/infra/groups", raw, now_s=2_000_000_000, jti=new_jti())
    assert problem(deployment.request("POST", url, content=raw, headers=signed)) == (401, "invalid_credential")


def test_a_signed_request_counts_once_and_only_as_it_was_signed(team: Team, deployment: Deployment) -> None:

    signer, url = deployment.app_signer(), f"{deployment.origin('orchestrator')}/infra/routing-token"
    raw = json.dumps({"group_id": team.new_group(), "user_id": team.ids["ada"]}).encode()

    def signed() -> dict[str, str]:
        return signer.headers("POST", "/infra/routing-token", raw, now_s=int(time.time()), jti=new_jti())

    once = signed()
    assert deployment.request("POST", url, content=raw, headers=once).status_code == 200
    refused = [
        deployment.request("POST", url, content=raw, headers=once),
        deployment.request("POST", url, content=raw + b" ", headers=signed()),
        deployment.request("POST", url + "?x=1", content=raw, headers=signed()),
        deployment.request("POST", f"{deployment.origin('orchestrator')}/infra/groups", content=raw, headers=signed()),
    ]
    assert [problem(response) for response in refused] == [(401, "invalid_credential")] * 4


def test_a_routing_token_is_given_to_an_app_or_to_the_bearer_but_not_to_both(
    team: Team, deployment: Deployment
) -> None:
    group_id = team.new_group("ben")
    body = {"group_id": group_id, "user_id": team.ids["ben"]}
    signed = deployment.post_signed(deployment.app_signer(), "/infra/routing-token", body)
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]{86}", signed.json()["routing_token"])
    url = f"{deployment.origin('orchestrator')}/infra/routing-token"

    def bearer(name: str, wanted: dict[str, str] = body) -> Any:  # noqa: ANN401 -- an httpx.Response
        return deployment.request("POST", url, json=wanted, headers={"Authorization": f"Bearer {team.bearers[name]}"})

    assert "routing_token" in bearer("ben").json()
    assert problem(bearer("ada")) == (404, "not_found")
    assert problem(bearer("cleo", {"group_id": group_id, "user_id": team.ids["cleo"]})) == (404, "not_found")
    unknown = deployment.request("POST", url, json=body, headers={"Authorization": "Bearer prl_nobody"})
    assert problem(unknown) == (401, "invalid_credential")
    raw = json.dumps(body).encode()

    headers = deployment.app_signer().headers(
        "POST", "/infra/routing-token", raw, now_s=int(time.time()), jti=new_jti()
    )
    both = [*headers.items(), ("Authorization", f"Bearer {team.bearers['ben']}")]
    assert problem(deployment.request("POST", url, content=raw, headers=both)) == (400, "ambiguous_credential")


def test_only_the_session_of_a_group_reports_on_it(team: Team, deployment: Deployment) -> None:
    group_id, other_id = team.new_group(), team.new_group()
    opened, other = team.open_session(group_id), team.open_session(other_id)
    signer = deployment.session_signer(opened, "orchestrator")
    asked = {"group_id": group_id, "reason": "status"}
    assert deployment.post_signed(signer, "/infra/cleanup", asked).json()["status"] == "active"
    foreign = deployment.session_signer(other, "orchestrator")
    assert problem(deployment.post_signed(foreign, "/infra/cleanup", asked)) == (404, "not_found")
    assert problem(deployment.post_signed(deployment.app_signer(), "/infra/cleanup", asked)) == (
        401,
        "invalid_credential",
    )
    team.open_session(group_id)
    assert problem(deployment.post_signed(signer, "/infra/cleanup", asked)) == (403, "forbidden")


def test_a_session_renews_its_certificate_and_a_replaced_one_does_not(team: Team, deployment: Deployment) -> None:
    group_id = team.new_group()
    opened = team.open_session(group_id)
    signer = deployment.session_signer(opened, "orchestrator")
    renewed = deployment.post_signed(signer, "/infra/sessions/renew", {"group_id": group_id}).json()
    fresh = {**opened, "session_certificate": renewed["session_certificate"]}
    agents = deployment.session_signer(fresh, "agents")
    assert deployment.post_signed(agents, "/agents/run", run_request(team, group_id)).status_code == 200
    team.open_session(group_id)
    again = deployment.post_signed(signer, "/infra/sessions/renew", {"group_id": group_id})
    assert problem(again) == (403, "forbidden")


def test_the_published_keys_hold_no_private_member(deployment: Deployment) -> None:
    for worker in ("app", "orchestrator"):
        jwks = deployment.request("GET", f"{deployment.origin(worker)}/.well-known/jwks.json")
        assert jwks.headers["cache-control"] == "public, max-age=300"
        assert [set(key) for key in jwks.json()["keys"]] == [{"kty", "crv", "x", "y", "use", "alg", "kid"}]


async def test_a_socket_takes_the_token_in_the_query_or_as_subprotocol_at_either_worker(team: Team, sit: Sit) -> None:

    group_id = team.new_group()
    assert (await sit("ada", group_id)).socket.subprotocol == "groupchat.v1"
    for worker in ("app", "orchestrator"):
        token = routing_token(team, "ada", group_id)
        async with connect(f"{socket_url(team, group_id, worker)}?token={token}") as socket:
            await socket.send('{"id":1,"hello":{}}')
            assert json.loads(await socket.recv())["ok"]["you"]["id"] == team.ids["ada"]
    other_id = team.new_group()
    token = routing_token(team, "ada", other_id)
    refused = [
        (f"{socket_url(team, group_id)}", {}, 401),
        (f"{socket_url(team, group_id)}?token=x", {}, 401),
        (f"{socket_url(team, group_id)}?token={token}", {}, 401),
        (f"{socket_url(team, other_id)}?token={token}&token={token}", {}, 400),
        (f"{socket_url(team, other_id)}?token={token}", {"Origin": "https://evil.example"}, 403),
    ]
    for url, headers, status in refused:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url, additional_headers=headers):
                pass
        assert caught.value.response.status_code == status
    plain = team.deployment.request("GET", f"{team.deployment.origin('app')}/groups/{group_id}/ws?token={token}")
    assert problem(plain) == (426, "upgrade_required")


# ── Agents API ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_streams_lines_and_ends_in_its_result(team: Team, deployment: Deployment) -> None:
    group_id = team.new_group()
    signer = deployment.session_signer(team.open_session(group_id), "agents")
    response = deployment.post_signed(signer, "/agents/run", run_request(team, group_id))
    assert response.headers["content-type"].startswith("application/x-ndjson")
    events = [json.loads(line) for line in response.text.splitlines()]
    result = events[-1]["result"]
    assert events[-1]["event_kind"] == "agent_run_result"
    assert set(result) == {"output", "run_id", "agent_id", "new_messages", "usage", "finish_reason"}
    assert "".join(e["delta"]["content_delta"] for e in events if e["event_kind"] == "part_delta") == result["output"]
    assert "We decided to open on Friday." in result["output"]


def test_a_run_stream_has_the_same_events_as_server_sent_ones(team: Team, deployment: Deployment) -> None:
    group_id = team.new_group()
    signer = deployment.session_signer(team.open_session(group_id), "agents")
    lines = deployment.post_signed(signer, "/agents/run", run_request(team, group_id)).text.splitlines()
    response = deployment.post_signed(signer, "/agents/run-stream", run_request(team, group_id))
    assert response.headers["content-type"].startswith("text/event-stream")
    frames = [dict(line.split(": ", 1) for line in frame.split("\n")) for frame in response.text.strip().split("\n\n")]
    assert [frame["data"] for frame in frames] == lines
    assert [frame["event"] for frame in frames] == [json.loads(line)["event_kind"] for line in lines]
    assert [frame["id"] for frame in frames] == [f"run_{'0' * 26}:{n}" for n in range(1, len(lines) + 1)]


def test_an_agent_runs_only_for_the_session_that_may_call_it(team: Team, deployment: Deployment) -> None:
    group_id, other_id = team.new_group(), team.new_group(agents=())
    opened, other = team.open_session(group_id), team.open_session(other_id)
    body = run_request(team, group_id)

    def attempt(signer: Signer, wanted: object = body, **headers: str) -> tuple[int, str]:
        return problem(deployment.post_signed(signer, "/agents/run", wanted, headers=headers))

    signer = deployment.session_signer(opened, "agents")
    assert attempt(deployment.session_signer(other, "agents")) == (403, "forbidden")
    assert attempt(deployment.session_signer(other, "agents"), run_request(team, other_id)) == (403, "forbidden")
    assert attempt(replace(signer, audience="orchestrator")) == (401, "invalid_credential")
    assert attempt(signer, **{"X-Session-Cert": other["session_certificate"]}) == (401, "invalid_credential")
    assert attempt(replace(signer, key=new_private_key())) == (401, "invalid_credential")
    assert attempt(replace(deployment.app_signer(), origin=signer.origin, audience="agents")) == (
        401,
        "invalid_credential",
    )


# ── what is the same everywhere ─────────────────────────────────────────────────────────────────────────────────────


def test_every_worker_answers_for_its_health_and_refuses_unknown_paths(deployment: Deployment) -> None:
    for worker in ("app", "orchestrator", "agents"):
        assert deployment.request("GET", f"{deployment.origin(worker)}/healthz").json() == {"status": "ok"}
    for worker in ("orchestrator", "agents"):
        assert problem(deployment.request("GET", f"{deployment.origin(worker)}/nothing")) == (404, "not_found")
