"""Every example does what it says."""

import json
from collections.abc import AsyncIterator

import pytest
from pydantic_ai import messages
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from agents.engines import PYDANTIC_AI_AGENTS, PydanticAi
from agents.own.agent import AGENTS
from agents.providers.own import PythonProvider
from agents.run import Stage, turn
from agents.settings import AgentsSettings, endpoints
from agents.tools.tool import TOOLS
from agents.tools.toolbox import Toolbox
from app.agents import NewAgent
from examples import agent_over_the_api, own_tools, pydantic_ai_agent, remote_model
from shared import agent_api as api
from shared.log import Log
from tests.agents.turns import request, said

STAGE = Stage(
    {"python": PythonProvider(AGENTS), "pydantic-ai": PydanticAi()},
    Log(lambda _: None, lambda: 0, "agents"),
    Toolbox(TOOLS),
)
BAKER = ("unit_price", "order_bread")


async def bake(text: str, deferred: api.DeferredToolResults | None = None) -> api.RunEvent:
    asked = request(said(3, "ada", text), provider="python", model="baker", tools=BAKER, deferred=deferred)
    return [event async for event in turn(asked, STAGE)][-1]


async def test_the_baker_asks_before_it_orders() -> None:
    assert own_tools.baker is AGENTS["baker"]
    asked = await bake("@baker rye please")
    assert isinstance(asked, api.DeferredToolRequests)
    (order,) = asked.approvals
    assert (order.tool_name, json.loads(order.args)) == ("order_bread", {"kind": "rye", "loaves": 10})
    yes = api.ToolApproval(tool_call_id=order.tool_call_id, approved=True)
    ended = await bake("@baker rye please", api.DeferredToolResults(approvals=(yes,), state=asked.state))
    assert isinstance(ended, api.RunResult)
    assert ended.result.output == (
        'A loaf of rye costs 420 cents. {"ordered":10,"kind":"rye","cents":4200,"for":"Ada"}'
    )


async def test_the_sous_chef_calculates(monkeypatch: pytest.MonkeyPatch) -> None:
    async def model(history: list[messages.ModelMessage], info: AgentInfo) -> AsyncIterator[str | DeltaToolCalls]:
        del info
        found = [part.content for m in history for part in m.parts if isinstance(part, messages.ToolReturnPart)]
        if found:
            yield f"{found[0]} g"
        else:
            yield {0: DeltaToolCall(name="portion", json_args='{"grams": 200, "people": 30}', tool_call_id="a")}

    asked = request(said(3, "ada", "Soup?"), provider="pydantic-ai", model="sous_chef", tools=["portion"])
    agent = pydantic_ai_agent.sous_chef()
    agent.model = FunctionModel(stream_function=model)
    monkeypatch.setitem(PYDANTIC_AI_AGENTS, "sous_chef", lambda: agent)
    *_, ended = [event async for event in turn(asked, STAGE)]
    assert isinstance(ended, api.RunResult)
    assert ended.result.output == "6000 g"


def test_the_records_are_agents_that_the_app_takes() -> None:
    for record in (agent_over_the_api.LIBRARIAN, remote_model.RESEARCHER):
        assert NewAgent.model_validate_json(json.dumps(record)).handle == record["handle"]


def test_the_providers_setting_is_one_that_the_worker_takes() -> None:
    told = {"ENVIRONMENT": "production", "PROVIDERS": remote_model.PROVIDERS, "OPENAI_API_KEY": "sk-1"}
    told |= {"AGENTS_ORIGIN": "https://agents.test", "ORCHESTRATOR_ORIGIN": "https://orchestrator.test"}
    found = endpoints(AgentsSettings.load(told.get), told.get)
    assert found[str(remote_model.RESEARCHER["provider"])].key == "sk-1"
