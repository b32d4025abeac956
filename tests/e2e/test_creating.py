"""Creating something twice by accident: the same Idempotency-Key creates once, over the real runtime."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from tests.e2e.deployment import Deployment, Team

AT_ONCE = 12


def create(deployment: Deployment, path: str, body: object, bearer: str, key: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": key}
    return deployment.request("POST", deployment.origin("app") + path, json=body, headers=headers)


@pytest.fixture
def creations(team: Team) -> dict[str, Any]:
    return {
        "/groups": {"org_id": team.org_id, "title": "Once", "is_private": True, "agent_ids": [team.ids["scribe"]]},
        "/agents": {"handle": "once", "name": "Once", "provider": "builtin", "model": "scribe"},
        "/people": {"name": "Once"},
        f"/people/{team.ids['ben']}/tokens": {"label": "once"},
    }


async def test_whoever_asks_many_times_at_once_creates_once(
    deployment: Deployment, team: Team, creations: dict[str, Any]
) -> None:
    for path, body in creations.items():
        key = secrets.token_hex(16)
        asked = [create] * AT_ONCE
        answers = await asyncio.gather(
            *(asyncio.to_thread(ask, deployment, path, body, team.bearers["ada"], key) for ask in asked)
        )
        assert {answer.status_code for answer in answers} <= {201, 409}, path
        done = {answer.text for answer in answers if answer.status_code == 201}
        assert len(done) == 1, path
        for late in (answer for answer in answers if answer.status_code == 409):
            assert late.json()["code"] == "idempotency_pending"
            assert int(late.headers["retry-after"]) >= 1
        again = await asyncio.to_thread(create, deployment, path, body, team.bearers["ada"], key)
        assert (again.status_code, {again.text}, again.headers["idempotency-replayed"]) == (201, done, "true")
    assert len([g for g in team.get("ada", "/groups")["groups"] if g["title"] == "Once"]) == 1
    assert len([p for p in team.get("ada", "/people")["people"] if p["name"] == "Once"]) == 1


def test_a_key_of_somebody_else_is_another_key(deployment: Deployment, team: Team) -> None:
    body = {"org_id": team.org_id, "title": "Mine", "is_private": True}
    ids = {create(deployment, "/groups", body, team.bearers[who], "k").json()["group_id"] for who in ("ada", "ben")}
    assert len(ids) == 2
    other = create(deployment, "/groups", {**body, "title": "Other"}, team.bearers["ada"], "k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_a_replayed_token_works_and_lies_nowhere_in_the_directory(deployment: Deployment, team: Team) -> None:
    path, ada = f"/people/{team.ids['ben']}/tokens", team.bearers["ada"]
    create(deployment, path, {"label": "once"}, ada, "token")
    token = create(deployment, path, {"label": "once"}, ada, "token").json()["token"]
    me = deployment.request("GET", f"{deployment.origin('app')}/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["id"] == team.ids["ben"]
    kept = deployment.stack.query("SELECT * FROM kept_answers")
    assert kept
    assert token not in str(kept)


def test_what_was_refused_may_be_asked_again_under_the_same_key(deployment: Deployment, team: Team) -> None:
    body = {"handle": "scribe", "name": "Scribe", "provider": "builtin", "model": "scribe"}
    for _ in range(2):
        taken = create(deployment, "/agents", body, team.bearers["ada"], "again")
        assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    team.call("ada", "DELETE", f"/agents/{team.ids['scribe']}").raise_for_status()
    assert create(deployment, "/agents", body, team.bearers["ada"], "again").status_code == 201
