"""A deployment that counts, on the real runtime: it works as one that does not.

Where the points go cannot be seen here: the local stand-in of Analytics Engine takes them and keeps nothing. What a
point holds, and that they are written in one go, is tests/durable_objects/test_cost.py's.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment, Team, deployment_told
from tests.e2e.seat import Sit

ROOT = Path(__file__).resolve().parent.parent.parent
OWN = frozenset({"wrangler.toml", "build", ".local", ".git"})
"""What the counting deployment has of its own; everything else is the checkout's."""


def counting_checkout(folder: Path) -> Path:
    """This checkout, with the dataset switched on as docs/operate.md says."""
    for entry in ROOT.iterdir():
        if entry.name not in OWN:
            (folder / entry.name).symlink_to(entry)
    text = (ROOT / "wrangler.toml").read_text()
    counting = text.replace("# analytics_engine_datasets =", "analytics_engine_datasets =")
    assert counting.count("\nanalytics_engine_datasets =") == 3
    (folder / "wrangler.toml").write_text(counting)
    return folder


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    root = counting_checkout(tmp_path_factory.mktemp("root"))
    with deployment_told(tmp_path_factory.mktemp("keys"), {}, root) as deployment:
        yield deployment


@pytest.fixture
def team(counting: Deployment) -> Team:
    return counting.new_team()


async def test_whoever_counts_answers_as_whoever_does_not(team: Team, sit: Sit, counting: Deployment) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say("@scribe sum up")
    assert (await ben.until_type("run.finished"))[0]["data"]["outcome"] == "success"
    assert await ben.refused("edit", seq=99, text="x") == "not_found"
    refused = {
        "app": counting.request("GET", f"{counting.origin('app')}/me"),
        "orchestrator": counting.request("POST", f"{counting.origin('orchestrator')}/infra/routing-token", json={}),
        "agents": counting.request("POST", f"{counting.origin('agents')}/agents/run", json={}),
    }
    assert {worker: answer.status_code for worker, answer in refused.items()} == dict.fromkeys(refused, 401)
    await asyncio.to_thread(counting.stack.evict, "GroupController", group_id)
    await ada.until_seq(await ben.say("still here"))
    assert not [line for line in counting.log_lines if "metrics_lost" in line or "Traceback" in line]
