"""An agent uses the tools it has and no others, waits where it must, and goes on where it was."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.providers import Ask, Ending, Piece, ToolCalls
from agents.run import Stage, turn
from agents.speaking import CALLS_LIMIT, ROUNDS_LIMIT
from agents.tools import RESULT_LIMIT_CHARS, Call, ToolFailed
from agents.tools.tool import make_tool
from agents.tools.toolbox import Toolbox
from agents.turn import Turn
from shared.agent_api import (
    AgentRunResult,
    DeferredToolRequests,
    DeferredToolResults,
    FunctionToolCall,
    FunctionToolResult,
    RunError,
    RunEvent,
    RunResult,
    ToolAnswer,
    ToolApproval,
    usage_of,
)
from shared.errors import Unavailable
from shared.log import Log
from shared.protocol import Usage
from tests.agents.fakes import FakeProvider
from tests.agents.turns import request, said

SPENT = Ending(Usage(input_tokens=10, output_tokens=5, requests=1))
TOOLS = ("double", "burn", "crash", "who", "endless", "long", "announce", "search_history", "get_members")
RAN: list[str] = []


def double(number: int) -> int:
    """Twice as much."""
    RAN.append(f"double {number}")
    return 2 * number


async def burn() -> str:
    """Burns the bread."""
    raise ToolFailed("The oven is off")


def crash() -> str:
    """Fails."""
    raise ValueError("a secret of the code")


def who(turn: Turn) -> dict[str, str]:
    """Who asks."""
    return {"asker": turn.asker.name}


async def endless() -> str:
    """Never ends."""
    return str(await asyncio.get_running_loop().create_future())


def long() -> str:
    """Says a lot."""
    return "x" * RESULT_LIMIT_CHARS + "y\ud800"


def announce(text: str) -> str:
    """Tells the whole town."""
    RAN.append(f"announce {text}")
    return f"told: {text}"


BOX = Toolbox(
    {
        made.signature.spec.name: made
        for made in (
            *(make_tool(function) for function in (double, burn, crash, who, endless, long)),
            make_tool(announce, requires_approval=True),
        )
    },
    limit_s=0.02,
)


@dataclass
class Agent:
    """An agent whose model gives these answers, one at each asking."""

    answers: tuple[tuple[Piece | Exception, ...], ...]
    tools: tuple[str, ...] = TOOLS
    box: Toolbox = BOX
    more: dict[str, Any] = field(default_factory=dict)
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        RAN.clear()
        self.provider = FakeProvider(list(self.answers))

    async def run(self, deferred: DeferredToolResults | None = None) -> list[RunEvent]:
        asked = request(said(3, "ada", "Hello"), tools=self.tools, deferred=deferred, **self.more)
        stage = Stage({"stub": self.provider}, Log(self.logged.append, lambda: 0, "agents"), self.box)
        return [event async for event in turn(asked, stage)]

    @property
    def asked(self) -> list[Ask]:
        return self.provider.asked


def wants(*calls: tuple[str, str], said_before: str = "") -> tuple[Piece, ...]:
    words = (said_before,) if said_before else ()
    return (
        *words,
        ToolCalls(tuple(Call(id=f"c{n}", name=name, args=args) for n, (name, args) in enumerate(calls))),
        SPENT,
    )


def result(events: list[RunEvent]) -> AgentRunResult:
    assert isinstance(events[-1], RunResult), events[-1]
    return events[-1].result


def asks(events: list[RunEvent]) -> DeferredToolRequests:
    assert isinstance(events[-1], DeferredToolRequests), events[-1]
    return events[-1]


def results(events: list[RunEvent]) -> list[str]:
    return [event.part.content for event in events if isinstance(event, FunctionToolResult)]


DONE: tuple[Piece, ...] = ("Done.", SPENT)


async def test_a_tool_is_used_and_the_model_asked_again_with_what_came_of_it() -> None:
    agent = Agent((wants(("double", '{"number": 21}'), said_before="Let me count."), DONE))
    events = await agent.run()
    assert [event.event_kind for event in events] == [
        *("part_start", "final_result", "part_delta", "part_end"),
        *("run_usage", "function_tool_call", "function_tool_result", "run_usage"),
        *("part_start", "final_result", "part_delta", "part_end", "agent_run_result"),
    ]
    assert results(events) == ["42"]
    ended = result(events)
    assert ended.output == "Let me count.Done."
    assert ended.usage == Usage(input_tokens=20, output_tokens=10, requests=2, tool_calls=1)
    assert [message.kind for message in ended.new_messages] == ["response", "request", "response"]
    first, second = agent.asked
    assert [spec.name for spec in first.tools] == list(TOOLS)
    (done,) = second.rounds
    assert (first.rounds, done.text, dict(done.results)) == ((), "Let me count.", {"c0": "42"})


async def test_a_model_that_only_calls_has_no_empty_text() -> None:
    events = await Agent((wants(("double", '{"number": 1}')), DONE)).run()
    assert [event.event_kind for event in events][1:3] == ["function_tool_call", "function_tool_result"]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (("burn", ""), "Error: The oven is off"),
        (("crash", "{}"), "Error: The tool failed"),
        (("endless", "{}"), "Error: It took longer than 0 s"),
        (("who", "{}"), '{"asker":"Ada"}'),
        (("long", "{}"), "x" * RESULT_LIMIT_CHARS + "\n[cut: the result is longer]"),
        (("rm_rf", "{}"), "Error: You have no tool of this name"),
        (("DROP TABLE; " * 9, "{}"), "Error: You have no tool of this name"),
        (("", "{}"), "Error: You have no tool of this name"),
        (("double", '{"number": "many"}'), "Error: The arguments do not fit: number:"),
        (("double", '{"number": 1, "more": 2}'), "Error: The arguments do not fit: more:"),
        (("double", "{}"), "Error: The arguments do not fit: number:"),
        (("double", "not json"), "Error: The arguments do not fit:"),
        (("double", "[1]"), "Error: The arguments do not fit:"),
        (("double", " " * 16_001), "Error: The arguments are longer than 16000 characters"),
        (("announce", "{}"), "Error: The arguments do not fit: text:"),
    ],
)
async def test_whatever_a_model_calls_an_answer_comes_of_it_and_the_turn_goes_on(
    call: tuple[str, str], answer: str
) -> None:
    agent = Agent((wants(call), DONE))
    events = await agent.run()
    (found,) = results(events)
    assert found.startswith(answer)
    assert result(events).output == "Done."
    assert "secret" not in repr(events)
    assert not any("secret" in line for line in agent.logged)
    assert RAN == []


async def test_a_tool_that_the_profile_does_not_list_is_neither_offered_nor_used() -> None:
    agent = Agent(
        (wants(("double", '{"number": 1}'), ("announce", '{"text": "x"}'), ("get_members", "{}")), DONE), ("who",)
    )
    events = await agent.run()
    assert results(events) == ["Error: You have no tool of this name"] * 3
    assert [spec.name for spec in agent.asked[0].tools] == ["who"]
    assert (RAN, result(events).usage.tool_calls) == ([], 0)


async def test_a_listed_tool_that_this_deployment_lacks_is_not_there() -> None:
    agent = Agent((wants(("fly", "{}")), DONE), ("fly", "who"))
    assert results(await agent.run()) == ["Error: You have no tool of this name"]
    assert [spec.name for spec in agent.asked[0].tools] == ["who"]


async def test_who_only_decides_who_answers_has_no_tools() -> None:
    agent = Agent((wants(("double", '{"number": 1}')), ("@helper", SPENT)), more={"candidates": {"helper": "Helper"}})
    events = await agent.run()
    assert (agent.asked[0].tools, RAN, result(events).output) == ((), [], "@helper")


async def test_what_the_group_controller_knows_is_asked_of_it() -> None:
    agent = Agent(
        (wants(("search_history", '{"query": "bread"}'), ("double", '{"number": 2}'), said_before="Hm."), DONE)
    )
    asked = asks(await agent.run())
    assert [(call.tool_call_id, call.tool_name, call.args) for call in asked.calls] == [
        ("c0", "search_history", '{"query": "bread"}')
    ]
    assert asked.approvals == ()
    assert asked.usage == Usage(input_tokens=10, output_tokens=5, requests=1, tool_calls=1)
    found = DeferredToolResults(calls=(ToolAnswer(tool_call_id="c0", content="[]"),), state=asked.state)
    events = await agent.run(found)
    assert results(events) == ["[]"]
    ended = result(events)
    assert (ended.output, ended.usage.requests, ended.usage.tool_calls) == ("Done.", 1, 1)
    assert [message.kind for message in ended.new_messages] == ["request", "response"]
    (done,) = agent.asked[1].rounds
    assert (done.text, dict(done.results)) == ("Hm.", {"c0": "[]", "c1": "4"})
    assert RAN == ["double 2"]


async def test_an_answer_that_did_not_come_is_one_too() -> None:
    agent = Agent((wants(("get_members", "{}")), DONE))
    state = asks(await agent.run()).state
    assert results(await agent.run(DeferredToolResults(state=state))) == ["Error: There was no answer"]


APPROVED = ToolApproval(tool_call_id="c0", approved=True)
DENIED = ToolApproval(tool_call_id="c0", approved=False, reason="Not at night")


@pytest.mark.parametrize(
    ("decision", "answer", "ran"),
    [
        (APPROVED, "told: Bread!", ["announce Bread!"]),
        (DENIED, "Error: The people in the room did not want this done: Not at night", []),
        (None, "Error: The people in the room did not want this done", []),
        (
            APPROVED.model_copy(update={"tool_call_id": "c1"}),
            "Error: The people in the room did not want this done",
            [],
        ),
    ],
)
async def test_a_tool_that_asks_first_runs_when_people_said_yes_and_only_then(
    decision: ToolApproval | None, answer: str, ran: list[str]
) -> None:
    agent = Agent((wants(("announce", '{"text": "Bread!"}')), DONE))
    asked = asks(await agent.run())
    assert [(call.tool_name, call.args) for call in asked.approvals] == [("announce", '{"text": "Bread!"}')]
    assert (asked.calls, RAN) == ((), [])
    events = await agent.run(DeferredToolResults(approvals=(decision,) if decision else (), state=asked.state))
    assert (results(events), RAN, result(events).output) == ([answer], ran, "Done.")


async def test_an_operator_may_have_people_asked_before_any_tool() -> None:
    agent = Agent((wants(("double", '{"number": 2}')), DONE), box=Toolbox(BOX.tools, frozenset(["double"])))
    assert [call.tool_name for call in asks(await agent.run()).approvals] == ["double"]
    assert RAN == []


async def test_a_tool_that_was_taken_away_meanwhile_is_not_used_though_approved() -> None:
    agent = Agent((wants(("announce", '{"text": "x"}')), DONE))
    state = asks(await agent.run()).state
    agent.tools = ("double",)
    events = await agent.run(DeferredToolResults(approvals=(APPROVED,), state=state))
    assert (results(events), RAN) == (["Error: You have no tool of this name"], [])


@pytest.mark.parametrize(
    "state", ["", "{}", "[]", '{"rounds": []}', '{"rounds": [{"text": "", "calls": [], "results": {}}]}']
)
async def test_a_turn_goes_on_only_from_a_state_that_waits(state: str) -> None:
    (failure,) = await Agent(()).run(DeferredToolResults(state=state))
    assert isinstance(failure, RunError)
    assert failure.code == "invalid_body"


async def test_calls_are_told_apart_though_the_model_gives_them_one_name() -> None:
    twice = ToolCalls((Call(id="", name="double", args='{"number": 1}'), Call(id="same", name="get_members", args="")))
    agent = Agent(((twice, SPENT), (ToolCalls(twice.calls), SPENT), DONE))
    asked = asks(await agent.run())
    found = DeferredToolResults(calls=(ToolAnswer(tool_call_id="same", content="[1]"),), state=asked.state)
    again = asks(await agent.run(found))
    called = [call["id"] for entry in json.loads(again.state)["rounds"] for call in entry["calls"]]
    assert called == ["call_0_0", "same", "call_1_0", "call_1_1"]
    assert again.calls[0].args == "{}"


async def test_after_so_many_rounds_the_turn_ends() -> None:
    agent = Agent((wants(("double", '{"number": 1}')),) * (ROUNDS_LIMIT + 1))
    ended = result(await agent.run())
    assert (ended.finish_reason, len(agent.asked)) == ("length", ROUNDS_LIMIT)


async def test_a_turn_has_so_many_calls_and_no_more() -> None:
    agent = Agent((wants(*[("double", '{"number": 1}')] * (CALLS_LIMIT + 2)), DONE))
    events = await agent.run()
    assert len(RAN) == CALLS_LIMIT
    assert results(events)[-2:] == [f"Error: A turn has at most {CALLS_LIMIT} calls of tools"] * 2


async def test_what_is_left_of_the_token_limit_is_what_the_next_answer_may_have() -> None:
    agent = Agent(
        (wants(("double", '{"number": 1}')), wants(("double", '{"number": 1}')), DONE), more={"token_limit": 10}
    )
    ended = result(await agent.run())
    assert [ask.token_limit for ask in agent.asked] == [10, 5]
    assert ended.finish_reason == "length"


async def test_a_state_that_is_too_large_ends_the_turn_with_a_reason() -> None:
    wordy = (*("w" * 300_000,) * 2, *wants(("get_members", "{}")))
    events = await Agent((wordy,)).run()
    assert isinstance(events[-1], RunError)
    assert events[-1].code == "too_large"


async def test_a_call_is_shown_with_what_the_model_said() -> None:
    events = await Agent((wants(("double", '{"number": 3}')), DONE)).run()
    (shown,) = [event.part for event in events if isinstance(event, FunctionToolCall)]
    assert (shown.tool_name, shown.args, shown.tool_call_id) == ("double", '{"number": 3}', "c0")


async def test_a_turn_that_fails_after_a_tool_says_what_its_rounds_have_used() -> None:
    call = wants(("double", '{"number": 21}'))
    *events, last = await Agent((call, call, ("Hel", Unavailable("Gone")))).run()
    used = Usage(input_tokens=20, output_tokens=10, requests=2, tool_calls=2)
    assert (last.event_kind, usage_of(last)) == ("run_error", used)
    assert [spent.requests for event in events if (spent := usage_of(event))] == [1, 1, 2, 2]
    assert [spent.tool_calls for event in events if (spent := usage_of(event))] == [0, 1, 1, 2]


async def test_a_turn_that_fails_at_once_has_used_nothing_that_is_known() -> None:
    *_, last = await Agent((("Hel", Unavailable("Gone")),)).run()
    assert (last.event_kind, usage_of(last)) == ("run_error", None)
