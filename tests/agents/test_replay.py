"""An agent in Python that uses tools is called again, and says nothing twice."""

from collections.abc import AsyncIterator

import pytest

from agents.providers import Ask, ToolCalls
from agents.replay import Unsteady, answered
from agents.tools import Call, Round
from agents.turn import Answer, Turn
from tests.agents.turns import request, said

ASKED = request(said(3, "ada", "Hi"))


async def said_by(answer: Answer, *rounds: Round) -> list[str | ToolCalls]:
    return [piece async for piece in answered(answer, Ask(ASKED, rounds=rounds))]


def used(text: str, name: str, args: str, result: str) -> Round:
    return Round(text=text, calls=(Call(id=name, name=name, args=args),), results={name: result})


async def polite(turn: Turn) -> AsyncIterator[str]:
    yield "Let me "
    yield "see. "
    try:
        yield await turn.use("oven", number=1)
    except Exception as exc:
        raise AssertionError from exc
    yield await turn.use("table", place="näh")
    yield "."


async def test_it_stops_at_each_tool_and_goes_on_where_it_was() -> None:
    oven, table = used("Let me see. ", "oven", '{"number":1}', "Hot"), used("Hot", "table", '{"place":"näh"}', "Set")
    first = await said_by(polite)
    assert first == ["Let me ", "see. ", ToolCalls((Call(id="", name="oven", args='{"number":1}'),))]
    assert await said_by(polite, oven) == ["Hot", ToolCalls((Call(id="", name="table", args='{"place":"näh"}'),))]
    assert await said_by(polite, oven, table) == ["Set", "."]


async def test_what_was_said_is_left_out_wherever_it_ends() -> None:
    assert await said_by(polite, used("Let", "oven", '{"number":1}', "Hot")) == [
        " me ",
        "see. ",
        "Hot",
        ToolCalls((Call(id="", name="table", args='{"place":"näh"}'),)),
    ]


@pytest.mark.parametrize(("name", "args"), [("grill", '{"number":1}'), ("oven", '{"number":2}')])
async def test_one_that_does_something_else_the_second_time_has_failed(name: str, args: str) -> None:
    with pytest.raises(Unsteady):
        await said_by(polite, used("", name, args, "Hot"))


async def test_a_whole_text_may_be_asked_for_as_well() -> None:
    async def whole(turn: Turn) -> str:
        return f"It is {await turn.use('oven')}."

    assert await said_by(whole) == [ToolCalls((Call(id="", name="oven", args="{}"),))]
    assert await said_by(whole, used("", "oven", "{}", "hot")) == ["It is hot."]
