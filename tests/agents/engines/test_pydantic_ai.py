"""An agent written with pydantic-ai takes turns like any other, with its tools listed, deferred and approved."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, messages
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel
from pydantic_ai.run import AgentRunResultEvent

from agents.engines import PYDANTIC_AI_AGENTS, PydanticAi, pydantic_ai_agent
from agents.run import Stage, turn
from shared import agent_api as api
from shared.log import Log
from tests.agents.turns import request, said

TOOLS = ("double", "shout", "search_history")
Reply = str | DeltaToolCalls
Script = Callable[[list[str], AgentInfo], list[Reply]]
RAN: list[str] = []


def call(name: str, args: str, tool_call_id: str) -> DeltaToolCalls:
    return {0: DeltaToolCall(name=name, json_args=args, tool_call_id=tool_call_id)}


def make(script: Script) -> Agent[None, str]:
    """An agent whose model replies to the results it has so far as the script says."""

    async def stream(history: list[messages.ModelMessage], info: AgentInfo) -> AsyncIterator[Reply]:
        parts = (part for message in history for part in message.parts)
        found = [str(part.content) for part in parts if part.part_kind in ("tool-return", "retry-prompt")]
        for reply in script(found, info):
            yield reply

    agent = Agent(FunctionModel(stream_function=stream), output_type=str)

    @agent.tool_plain
    def double(number: int) -> int:
        """Twice as much."""
        RAN.append("double")
        return 2 * number

    @agent.tool_plain(requires_approval=True)
    def shout() -> str:
        """Wakes everybody."""
        RAN.append("shout")
        return "HEY"

    return agent


@pytest.fixture(autouse=True)
def nothing_entered() -> Iterator[None]:
    RAN.clear()
    yield
    PYDANTIC_AI_AGENTS.pop("test", None)


async def run(
    script: Script,
    deferred: api.DeferredToolResults | None = None,
    tools: tuple[str, ...] = TOOLS,
    **more: Any,  # noqa: ANN401 -- arguments of `request`
) -> list[api.RunEvent]:
    PYDANTIC_AI_AGENTS["test"] = lambda: make(script)
    asked = request(
        said(3, "ada", "Hello"), provider="pydantic-ai", model="test", tools=tools, deferred=deferred, **more
    )
    stage = Stage({"pydantic-ai": PydanticAi()}, Log(lambda _: None, lambda: 0, "agents"))
    return [event async for event in turn(asked, stage)]


def counting(found: list[str], info: AgentInfo) -> list[Reply]:
    del info
    return [f"It is {found[0]}."] if found else ["Let me ", "count.", call("double", '{"number": 21}', "a")]


async def test_its_events_are_ours() -> None:
    events = await run(counting)
    assert [event.event_kind for event in events] == [
        *("part_start", "final_result", "part_delta", "part_end"),
        *("function_tool_call", "run_usage", "function_tool_result", "run_usage"),
        *("part_start", "final_result", "part_end", "agent_run_result"),
    ]
    ended = events[-1]
    assert isinstance(ended, api.RunResult)
    assert ended.result.output == "Let me count.\n\nIt is 42."
    assert (ended.result.finish_reason, ended.result.usage.requests, ended.result.usage.tool_calls) == ("stop", 2, 1)
    assert ended.result.usage.output_tokens > 0
    said_so_far = [e.part.content for e in events if isinstance(e, api.PartStart)]
    said_so_far[1:1] = [e.delta.content_delta for e in events if isinstance(e, api.PartDelta)]
    assert "".join(said_so_far) == ended.result.output


async def test_a_model_sees_the_room_as_every_other_does() -> None:
    seen: list[str] = []

    def listening(found: list[str], info: AgentInfo) -> list[Reply]:
        del found
        seen.append(info.instructions or "")
        return ["Hm."]

    await run(listening, instructions="Be brief.")
    assert seen[0].startswith("Be brief.\n\nYou are this agent")


def waiting(found: list[str], info: AgentInfo) -> list[Reply]:
    del info
    if not found:
        both = call("search_history", '{"query": "bread"}', "a") | {
            1: DeltaToolCall(name="shout", json_args="{}", tool_call_id="b")
        }
        return ["One moment.", both]
    return [f"Found {found}"]


@pytest.mark.parametrize(
    ("approved", "answer", "ran"), [(True, "['[]', 'HEY']", ["shout"]), (False, "['[]', 'Not now']", [])]
)
async def test_a_turn_that_waits_goes_on_with_what_was_answered(approved: bool, answer: str, ran: list[str]) -> None:
    *_, asked = await run(waiting)
    assert isinstance(asked, api.DeferredToolRequests), asked
    (search,) = asked.calls
    assert (search.tool_call_id, search.tool_name, json.loads(search.args)) == (
        "a",
        "search_history",
        {"query": "bread"},
    )
    assert [(c.tool_call_id, c.tool_name) for c in asked.approvals] == [("b", "shout")]
    assert RAN == []
    results = api.DeferredToolResults(
        calls=(api.ToolAnswer(tool_call_id="a", content="[]"),),
        approvals=(api.ToolApproval(tool_call_id="b", approved=approved, reason="Not now"),),
        state=asked.state,
    )
    events = await run(waiting, results)
    assert "function_tool_call" not in [event.event_kind for event in events], "it was shown before the wait"
    ended = events[-1]
    assert isinstance(ended, api.RunResult)
    assert (ended.result.output, RAN) == (f"\n\nFound {answer}", ran)


async def test_silence_is_no_yes() -> None:
    *_, asked = await run(waiting)
    assert isinstance(asked, api.DeferredToolRequests)
    *_, ended = await run(waiting, api.DeferredToolResults(state=asked.state))
    assert isinstance(ended, api.RunResult)
    assert "Error: There was no answer" in ended.result.output
    assert RAN == []


@pytest.mark.parametrize("more", [{"tools": ("shout",)}, {"candidates": {"helper": "Helper"}}])
async def test_a_tool_that_the_profile_does_not_list_is_neither_offered_nor_run(more: dict[str, Any]) -> None:
    offered: list[list[str]] = []

    def greedy(found: list[str], info: AgentInfo) -> list[Reply]:
        offered.append([tool.name for tool in info.function_tools])
        return ["Well."] if found else [call("double", '{"number": 1}', "a")]

    *_, ended = await run(greedy, **more)
    assert isinstance(ended, api.RunResult)
    assert "double" not in offered[0]
    assert RAN == []


async def test_a_model_that_never_comes_to_an_end_is_stopped() -> None:
    def busy(found: list[str], info: AgentInfo) -> list[Reply]:
        del info
        return [call("double", '{"number": 1}', f"c{len(found)}")]

    *_, ended = await run(busy)
    assert isinstance(ended, api.RunResult)
    assert (ended.result.finish_reason, len(RAN)) == ("length", 8)


async def test_a_provider_that_refuses_is_told_of_without_its_words() -> None:
    def refused(found: list[str], info: AgentInfo) -> list[Reply]:
        del found, info
        raise ModelHTTPError(401, "m", body={"key": "sk-secret"})

    *_, failure = await run(refused)
    assert isinstance(failure, api.RunError)
    assert (failure.code, failure.message) == ("unavailable", "The model provider refused the request")


async def test_a_turn_that_fails_after_a_tool_says_what_it_has_used() -> None:
    def failing(found: list[str], info: AgentInfo) -> list[Reply]:
        if found:
            raise ModelHTTPError(500, "m")
        return counting(found, info)

    *events, last = await run(failing)
    assert isinstance(last, api.RunError)
    assert last.usage is not None
    assert (last.usage.requests, last.usage.tool_calls) == (1, 1)
    assert last.usage.output_tokens > 0
    assert last.usage == [used for event in events if (used := api.usage_of(event))][-1]


async def test_a_reader_that_goes_away_stops_it() -> None:
    stopped = asyncio.Event()

    async def endless(history: list[messages.ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        del history, info
        try:
            while True:
                yield "word "
                await asyncio.sleep(0)
        finally:
            stopped.set()

    PYDANTIC_AI_AGENTS["test"] = lambda: Agent(FunctionModel(stream_function=endless))
    events = PydanticAi().events(request(said(3, "ada", "Hello"), provider="pydantic-ai", model="test"))
    for _ in range(4):
        await anext(events)
    await events.aclose()
    await asyncio.wait_for(stopped.wait(), 5)


@pytest.mark.parametrize("state", ["", "{}", '{"history": "[", "calls": [], "approvals": [], "has_spoken": false}'])
async def test_a_state_that_is_not_its_own_is_refused(state: str) -> None:
    (failure,) = await run(waiting, api.DeferredToolResults(state=state))
    assert isinstance(failure, api.RunError)
    assert failure.code == "invalid_body"


async def test_a_name_that_nobody_has_is_refused() -> None:
    asked = request(said(3, "ada", "Hello"), provider="pydantic-ai", model="nobody")
    stage = Stage({"pydantic-ai": PydanticAi()}, Log(lambda _: None, lambda: 0, "agents"))
    (failure,) = [event async for event in turn(asked, stage)]
    assert isinstance(failure, api.RunError)
    assert failure.code == "invalid_body"


def test_a_name_is_given_once() -> None:
    pydantic_ai_agent("test")(lambda: None)
    with pytest.raises(ValueError, match="two pydantic-ai agents called test"):
        pydantic_ai_agent("test")(lambda: None)


PAIRS: list[tuple[type[BaseModel], type]] = [
    (api.PartStart, messages.PartStartEvent),
    (api.PartDelta, messages.PartDeltaEvent),
    (api.PartEnd, messages.PartEndEvent),
    (api.FinalResult, messages.FinalResultEvent),
    (api.FunctionToolCall, messages.FunctionToolCallEvent),
    (api.FunctionToolResult, messages.FunctionToolResultEvent),
    (api.RunResult, AgentRunResultEvent),
    (api.TextPart, messages.TextPart),
    (api.TextPartDelta, messages.TextPartDelta),
    (api.ToolCallPart, messages.ToolCallPart),
    (api.ToolReturnPart, messages.ToolReturnPart),
    (api.ModelResponse, messages.ModelResponse),
    (api.ModelRequest, messages.ModelRequest),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda kind: kind.__name__)
def test_what_we_send_has_pydantic_ais_names(ours: type[BaseModel], theirs: type) -> None:
    fields = {field.name: field.default for field in dataclasses.fields(theirs)}
    assert ours.model_fields.keys() <= fields.keys()
    for name in ("event_kind", "part_kind", "part_delta_kind", "kind"):
        if name in ours.model_fields:
            assert ours.model_fields[name].default == fields[name]
