"""An agent's answer as it comes in: whatever becomes of it, what it used up to there is known."""

import pytest

from durable_objects.effects import RunDeferred, RunEnded
from durable_objects.run_stream import TEXT_LIMIT_CHARS, RunStream
from shared.agent_api import (
    AgentRunResult,
    DeferredToolRequests,
    PartDelta,
    PartStart,
    RunError,
    RunEvent,
    RunResult,
    RunUsage,
    TextPart,
    TextPartDelta,
)
from shared.protocol import Usage
from tests.agents.turns import RUN_ID, identity

ROUND = Usage(input_tokens=40, output_tokens=7, requests=1, tool_calls=1)
MORE = ROUND.plus(ROUND)
USED_A_TOOL = RunUsage(usage=ROUND)
HELLO = PartDelta(index=0, delta=TextPartDelta(content_delta="Hello"))


def read(*events: RunEvent | bytes) -> RunStream:
    stream = RunStream(RUN_ID)
    for event in events:
        stream.feed((event if isinstance(event, bytes) else event.model_dump_json().encode()) + b"\n")
    return stream


def ended(*events: RunEvent | bytes) -> RunEnded:
    ending = read(*events).closed()
    assert isinstance(ending, RunEnded)
    return ending


def result(usage: Usage) -> RunResult:
    agent_id = identity("helper", "agent")
    return RunResult(
        result=AgentRunResult(
            output="", run_id=RUN_ID, agent_id=agent_id, new_messages=(), usage=usage, finish_reason="stop"
        )
    )


def test_an_event_of_a_kind_that_is_not_known_here_changes_nothing() -> None:
    told = ended(USED_A_TOOL, b'{"event_kind":"thought","text":"hm"}', result(MORE))
    assert (told.outcome, told.usage) == ("success", MORE)
    assert ended(b'{"event_kind":7}').outcome == "interrupted"
    assert ended(b'{"text":"hm"}').outcome == "error"


def test_an_error_says_what_was_used_or_leaves_it_at_what_was_said_before() -> None:
    assert ended(USED_A_TOOL, RunError(code="x", message="broken", usage=MORE)).usage == MORE
    assert ended(USED_A_TOOL, RunError(code="x", message="broken")).usage == ROUND
    assert ended(RunError(code="x", message="broken")).usage == Usage()


@pytest.mark.parametrize(
    ("rest", "outcome"),
    [
        ((), "interrupted"),
        ((b"{garbage",), "error"),
        ((PartStart(index=0, part=TextPart(content="a" * (TEXT_LIMIT_CHARS + 1))),), "limit"),
    ],
)
def test_a_stream_that_breaks_keeps_what_its_rounds_used(rest: tuple[RunEvent | bytes, ...], outcome: str) -> None:
    ending = ended(USED_A_TOOL, HELLO, *rest)
    assert (ending.outcome, ending.usage) == (outcome, ROUND)


def test_what_a_part_says_at_its_end_takes_the_place_of_what_it_said_before() -> None:
    assert ended(USED_A_TOOL, HELLO, result(MORE)).usage == MORE
    stream = read(USED_A_TOOL, DeferredToolRequests(usage=MORE))
    assert isinstance(stream.closed(), RunDeferred)
    assert stream.usage == MORE


def test_what_follows_the_end_is_not_counted() -> None:
    assert ended(result(ROUND), USED_A_TOOL, RunError(code="x", message="late", usage=MORE)).usage == ROUND
