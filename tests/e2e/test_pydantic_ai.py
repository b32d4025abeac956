"""An agent written with pydantic-ai in a real Worker: docs/agents.md done word for word in a copy of the checkout."""

import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bench.parts.weight import wasm_heaps
from tests.agents.providers.completions import DONE, call, finish, text, usage
from tests.e2e.deployment import ROOT, Deployment, Team
from tests.e2e.seat import Sit
from tests.e2e.stub_models import Asked, StubModels, deployment_asking, results, streaming
from tests.e2e.test_runs import finals
from tools.setup.bytecode import bytecode_step
from tools.setup.layout import Layout
from tools.setup.prepare import warm_snapshot
from tools.setup.steps import perform
from tools.setup.vendor import vendor_step
from tools.setup.workerd import write_wrapper

KEY = "sk-" + secrets.token_urlsafe(16)
PARTS = ("workers", "shared", "durable_objects", "clients/js", "docs/api", "requirements")
FILES = ("wrangler.toml", "pyproject.toml", "package.json", "package-lock.json")
# What set-up has made of the same sources here need not be made again; what it makes of others is kept for next time.
PREPARED = ("node.json", "runtime", "stamps/node", "stamps/npm", "stamps/bundle")
MEMORY_LIMIT_BYTES = 128 * 2**20


def sous_chef(asked: Asked) -> Iterable[bytes]:
    """Calculates a portion, then says it."""
    if found := results(asked):
        return [text("You need "), text(f"{found[-1]} g."), finish(), usage(60, 5), DONE]
    return [call("portion", '{"grams": 200, "people": 30}'), finish("tool_calls"), usage(41, 7), DONE]


@pytest.fixture(scope="module")
def stub() -> Iterator[StubModels]:
    with StubModels({"gpt-5-mini": streaming(sous_chef)}).serving() as stub:
        yield stub


@pytest.fixture(scope="module")
def checkout() -> Path:
    """A copy in which somebody has followed the steps of docs/agents.md."""
    here = ROOT / ".cache" / "with-pydantic-ai"
    for part in PARTS:
        shutil.rmtree(here / part, ignore_errors=True)
        shutil.copytree(ROOT / part, here / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, here / file)
    (here / ".cache" / "stamps").mkdir(parents=True, exist_ok=True)
    for kept in PREPARED:
        source, target = ROOT / ".cache" / kept, here / ".cache" / kept
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    if not (here / "node_modules").exists():
        (here / "node_modules").symlink_to(ROOT / "node_modules")
    edit(here / "pyproject.toml", "worker_extras = []", 'worker_extras = ["pydantic-ai"]')
    shutil.copy(ROOT / "examples" / "pydantic_ai_agent.py", here / "workers" / "agents" / "own")
    own = here / "workers" / "agents" / "own" / "__init__.py"
    edit(own, "from agents.own import tally", "from agents.own import pydantic_ai_agent, tally")
    edit(own, '__all__ = ["tally"]', '__all__ = ["pydantic_ai_agent", "tally"]')
    layout = Layout(here)
    for make in (vendor_step, bytecode_step):
        perform(make(layout), layout.stamps)
    write_wrapper(layout, warm_snapshot(layout))
    return here


def edit(path: Path, before: str, after: str) -> None:
    content = path.read_text()
    assert content.count(before) == 1
    path.write_text(content.replace(before, after))


@pytest.fixture(scope="module")
def own_deployment(stub: StubModels, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment_asking(stub, tmp_path_factory.mktemp("keys"), KEY, name="openai", root=checkout) as deployment:
        yield deployment


@pytest.fixture
def team(own_deployment: Deployment) -> Team:
    team = own_deployment.new_team()
    agent = {"handle": "chef", "name": "Sous-chef", "provider": "pydantic-ai", "model": "sous_chef"}
    team.ids["chef"] = team.post("ada", "/agents", agent | {"tools": ["portion", "search_history"]})["id"]
    return team


async def test_it_answers_with_its_own_tool_through_our_provider_within_a_workers_memory(
    team: Team, sit: Sit, stub: StubModels
) -> None:
    ada = await sit("ada", team.new_group(agents=("chef",)))
    for turn, question in enumerate(("@chef how much soup for thirty?", "@chef and once more?"), start=1):
        await ada.say(question)
        run_id = (await ada.until_type("run.started", turn))[-1]["run_id"]
        await ada.until_type("run.finished", turn)
        message, ending = finals(ada, run_id)
        assert message["data"]["text"] == "You need 6000 g."
        assert (message["actor"]["id"], ending["data"]["outcome"]) == (team.ids["chef"], "success")
        used = {"input_tokens": 101, "output_tokens": 12, "requests": 2, "tool_calls": 1}
        assert ending["data"]["usage"] == used
    assert stub.keys == {f"Bearer {KEY}"}
    offered = {tool["function"]["name"] for tool in stub.asked[0]["tools"]}
    assert offered == {"portion", "search_history"}
    heaps = wasm_heaps(Path(f"/proc/{team.deployment.stack.runtime_pid}/maps"))
    assert max(heaps) < MEMORY_LIMIT_BYTES
    # Nobody reads a banner in a log.
    assert not any("pydantic.dev" in line for line in team.deployment.log_lines)
