"""The end of a deployment, against Workers that run: health, every part, the first org and its owner's token."""

import json
import re
from collections.abc import Sequence

import httpx
import pytest

from tests.e2e.deployment import Deployment
from tools.deploy.carry_out import Hands, carry_out
from tools.deploy.plan import AskEveryPart, AskHealth, BeginOrg, Step
from tools.deploy.target import WORKERS, FirstOrg


class KeysOf:
    """The keys of the running deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._token = deployment.keys.operator_token

    def ensure(self) -> str:
        return "kept"

    def operator_token(self) -> str | None:
        return self._token


def no_orgs(arguments: Sequence[str], given: str) -> str:
    """A directory of which wrangler says that nobody has begun."""
    assert (arguments[:2], given) == (("d1", "execute"), "")
    return json.dumps([{"results": [{"orgs": 0}], "success": True}])


def not_again(seconds: float) -> None:
    pytest.fail(f"what runs already was waited for ({seconds} s)")


def test_a_deployment_ends_with_a_token_that_signs_its_first_owner_in(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    app = deployment.origin("app")
    steps: list[Step] = [
        *(AskHealth(worker, f"{deployment.origin(worker)}/healthz") for worker in WORKERS),
        AskEveryPart("Every part", f"{app}/healthz/deep"),
        BeginOrg("First org", f"{app}/orgs", FirstOrg(name="Harbour Kitchen", owner="Ada")),
    ]
    with httpx.Client(timeout=30) as web:
        carry_out(steps, Hands(no_orgs, KeysOf(deployment), {}, web, not_again))
    shown = capsys.readouterr().out
    assert "group controller, replay guard, agents" in shown
    (token,) = re.findall(r"prl_[\w-]+", shown)
    me = deployment.request("GET", f"{app}/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["name"], me["role"]) == ("Ada", "owner")
