"""Both clients do what clients/conformance says, each in its own process, over real sockets."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clients.conformance.client import Broken, Player, running
from clients.conformance.script import FOLDER, play, scenarios
from tools.setup.layout import Layout
from tools.setup.node import node_of

ROOT = Path(__file__).parents[2]
SCENARIOS = scenarios()
SESSION = pytest.mark.asyncio(loop_scope="module")


def command(language: str) -> list[str]:
    if language == "python":
        return [sys.executable, str(FOLDER / "python_client.py")]
    return [node_of(Layout(ROOT)).node, str(FOLDER / "js_client.mjs")]


@pytest_asyncio.fixture(params=["python", "js"], scope="module", loop_scope="module")
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Player]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python" / "src")}
    async with running(command(request.param), env) as started:
        yield started


@SESSION
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_client_goes_along_with_the_script(client: Player, name: str) -> None:
    await play(SCENARIOS[name], client)


@SESSION
@pytest.mark.parametrize(
    ("name", "sees"),
    [("array", [{"event": 2}]), ("duplicate", [{"event": 1}] * 2), ("send", [{"stored": "c2"}])],
)
async def test_the_suite_notices_a_client_that_sees_something_else(
    client: Player, name: str, sees: list[dict[str, object]]
) -> None:
    steps = [step if "see" not in step or step["see"] == [{"reset": 0}] else {"see": sees} for step in SCENARIOS[name]]
    with pytest.raises(Broken, match=r"step \d+"):
        await play(steps, client)


@SESSION
async def test_the_suite_notices_what_it_was_not_told_of(client: Player) -> None:
    with pytest.raises(Broken, match="saw more"):
        await play([step for step in SCENARIOS["array"] if "see" not in step], client)


@pytest.mark.parametrize(("words", "exit_code"), [(["array", "--"], 0), (["--"], 1), (["no-such", "--"], 1)])
def test_the_suite_is_a_program_for_clients_of_any_language(words: list[str], exit_code: int) -> None:
    player = command("js") if words != ["--"] else [sys.executable, "-c", "print()"]
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "clients.conformance", *words, *player],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
