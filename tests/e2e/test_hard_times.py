"""When somebody asks too often, and when the directory is down.

In a deployment of their own, which the other tests do not feel.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.deployment import Deployment, Team, deployment_told
from tests.e2e.seat import routing_token, take_seat
from tools.stack import Stack

PER_MINUTE = 240
# What every request of a person, of the App and of a group asks the directory for.
TABLES = ("tokens", "people", "groups", "app_keys")
FRONT_END = "http://localhost:5173"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    app = {"REQUESTS_PER_MINUTE": str(PER_MINUTE), "CORS_ORIGINS": FRONT_END}
    with deployment_told(tmp_path_factory.mktemp("keys"), {"app": app}) as deployment:
        yield deployment


@pytest.fixture
def team(strict: Deployment) -> Team:
    return strict.new_team()


@contextmanager
def directory_down(stack: Stack) -> Iterator[None]:
    """Every statement about these tables fails, as all of them do when the database is not there."""
    for table in TABLES:
        stack.query(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        for table in TABLES:
            stack.query(f"ALTER TABLE {table}_away RENAME TO {table}")


# ── too often ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_asks_too_often_is_told_when_to_come_back_and_nobody_else_is(team: Team) -> None:
    asked = (asyncio.to_thread(team.call, "ben", "GET", "/me") for _ in range(PER_MINUTE + 60))
    answers = await asyncio.gather(*asked)
    granted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(granted) + len(refused) == len(answers)
    assert refused
    assert len(granted) >= PER_MINUTE
    for answer in answers:
        assert answer.headers["ratelimit-policy"] == f'"person";q={PER_MINUTE};w=60'
        assert re.fullmatch(r'"person";r=\d+;t=\d+', answer.headers["ratelimit"])
    for answer in refused:
        assert answer.json()["code"] == "too_many_requests"
        assert int(answer.headers["retry-after"]) >= 1
    assert team.call("ada", "GET", "/me").status_code == 200


# ── pages of other origins ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_front_end_of_the_list_may_call_and_another_may_not(team: Team, strict: Deployment) -> None:
    url, bearer = strict.origin("app") + "/me", {"Authorization": f"Bearer {team.bearers['ada']}"}
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    asked = strict.request("OPTIONS", url, headers={"Origin": FRONT_END, **asks})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, FRONT_END)
    read = strict.request("GET", url, headers={"Origin": FRONT_END, **bearer})
    assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, FRONT_END)
    for origin in ("https://evil.test", "null"):
        assert strict.request("OPTIONS", url, headers={"Origin": origin, **asks}).status_code == 405
        foreign = strict.request("GET", url, headers={"Origin": origin, **bearer})
        assert not [name for name in foreign.headers if name.startswith("access-control-")]


# ── the directory is down ───────────────────────────────────────────────────────────────────────────────────────────


async def test_while_the_directory_is_down_those_who_are_in_go_on_talking(team: Team, strict: Deployment) -> None:
    group_id = team.new_group("ben")
    async with take_seat(team, "ada", group_id) as ada, take_seat(team, "ben", group_id) as ben:
        with directory_down(strict.stack):
            reads = ("/me", "/groups", f"/groups/{group_id}", f"/groups/{group_id}/messages", "/agents", "/usage")
            calls: list[tuple[str, str, object]] = [("GET", path, None) for path in reads]
            calls += [("POST", f"/groups/{group_id}/token", None), ("POST", "/people", {"name": "Eve"})]
            for method, path, body in calls:
                answer = await asyncio.to_thread(team.call, "ada", method, path, body)
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), path
                assert int(answer.headers["retry-after"]) >= 1
            operator = {"Authorization": f"Bearer {strict.keys.operator_token}"}
            url = f"{strict.origin('app')}/healthz/deep"
            deep = await asyncio.to_thread(strict.request, "GET", url, headers=operator)
            assert (deep.status_code, deep.headers["content-type"]) == (503, "application/problem+json")
            assert deep.json()["code"] == "part_failed"
            failed = {part["name"]: part["code"] for part in deep.json()["parts"] if part["status"] == "failed"}
            assert failed == {"orchestrator": "unavailable"}, "which cannot look up the App's key"
            bearer = {"Authorization": f"Bearer {team.bearers['ada']}"}
            who = {"group_id": group_id, "user_id": team.ids["ada"]}
            url = f"{strict.origin('orchestrator')}/infra/routing-token"
            token = await asyncio.to_thread(strict.request, "POST", url, json=who, headers=bearer)
            assert (token.status_code, token.json()["code"]) == (503, "unavailable")
            assert "retry-after" in token.headers

            seq = await ada.say("Can you still hear me?")
            await ben.until_seq(seq)
            await ben.say("@scribe sum up")
            finished = await ada.until_type("run.finished")
            assert finished[0]["data"]["outcome"] == "success"
        assert team.get("ada", "/me")["id"] == team.ids["ada"]
        assert await asyncio.to_thread(routing_token, team, "ada", group_id)
