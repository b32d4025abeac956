"""What an operator can ask of a deployment that runs."""

import httpx

from tests.e2e.deployment import Deployment, Team

PARTS = ["database", "archives", "webhook outbox", "orchestrator"]
BEHIND = ["orchestrator database", "orchestrator archives", "group controller", "replay guard", "agents"]


def deep(deployment: Deployment, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return deployment.request("GET", deployment.origin("app") + "/healthz/deep", headers=headers)


def test_every_worker_says_that_it_answers(deployment: Deployment) -> None:
    for worker in ("app", "orchestrator", "agents"):
        answer = deployment.request("GET", deployment.origin(worker) + "/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_operator_sees_every_part_with_its_time(deployment: Deployment) -> None:
    answer = deep(deployment, deployment.keys.operator_token)
    found = answer.json()
    assert (answer.status_code, found["status"]) == (200, "ok")
    assert [part["name"] for part in found["parts"]] == PARTS + BEHIND
    assert all(part["status"] == "ok" and 0 <= part["ms"] < 5000 for part in found["parts"])


def test_nobody_else_is_told_of_parts(team: Team) -> None:
    for token in (None, "prl_wrong", team.bearers["ada"]):
        assert deep(team.deployment, token).status_code == 401
    unsigned = team.deployment.request("POST", team.deployment.origin("orchestrator") + "/infra/checkup", json={})
    assert unsigned.status_code == 401
