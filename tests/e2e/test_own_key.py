"""A caller may bring the key that its session certificate names: it keeps it, and the group goes on with its own."""

import asyncio

import pytest

from shared.signing import Signer
from tests.e2e.agent_request import run_request
from tests.e2e.deployment import TOKENS, Deployment, Team
from tests.e2e.seat import Sit
from tools.es256 import new_private_key


def open_with(team: Team, group_id: str, jwk: object) -> tuple[int, dict[str, object]]:
    asked = {
        "group_id": group_id,
        "org_id": team.org_id,
        "user_id": team.ids["ada"],
        "session_public_jwk": jwk,
    }
    answer = team.deployment.post_signed(team.deployment.app_signer(), "/infra/groups", asked)
    return answer.status_code, dict(answer.json())


async def test_the_callers_key_is_certified_and_the_groups_own_runs_and_cleanup_go_on(
    team: Team, sit: Sit, deployment: Deployment
) -> None:
    group_id, key = team.new_group(), new_private_key()
    ada = await sit("ada", group_id)
    status, opened = await asyncio.to_thread(open_with, team, group_id, key.public.model_dump())
    assert (status, opened["session_private_key"]) == (201, None)

    def signer(audience: str, by: object = key) -> Signer:
        controller_id, certificate = str(opened["group_controller_id"]), str(opened["session_certificate"])
        origin = deployment.origin(audience)
        return Signer(TOKENS, by, controller_id, audience, origin, certificate)  # type: ignore[arg-type]

    turn, report = run_request(team, group_id), {"group_id": group_id, "reason": "status"}
    for _ in range(2):
        run = await asyncio.to_thread(deployment.post_signed, signer("agents"), "/agents/run", turn)
        assert (run.status_code, "agent_run_result" in run.text) == (200, True)
        cleanup = await asyncio.to_thread(deployment.post_signed, signer("orchestrator"), "/infra/cleanup", report)
        assert cleanup.json()["status"] == "active"
        # In between, the group itself uses its own key of the same session.
        await ada.say("We decided to open on Friday. @scribe sum up")
        assert (await ada.until_type("run.finished"))[-1]["data"]["outcome"] == "success"
    stranger = signer("agents", new_private_key())
    assert (await asyncio.to_thread(deployment.post_signed, stranger, "/agents/run", turn)).status_code == 401
    done = await asyncio.to_thread(team.post, "ada", f"/groups/{group_id}/archive", {"reason": "over"})
    assert deployment.stack.archive_bytes(done["r2_path"]), "written and reported with the group's own key"


@pytest.mark.parametrize("change", [{"y": "A" * 43}, {"d": "A" * 43}, {"crv": "P-384"}], ids=str)
async def test_a_key_that_is_none_is_refused(team: Team, change: dict[str, str]) -> None:
    jwk = {**new_private_key().public.model_dump(), **change}
    status, refusal = await asyncio.to_thread(open_with, team, team.new_group(), jwk)
    assert (status, refusal["code"]) == (422, "invalid_body")
