"""Agents in Python as a provider: a text or pieces of one, closed with their reader."""

from collections.abc import AsyncIterator

import pytest

from agents import own
from agents.own.agent import AGENTS, Turn
from agents.providers import Ask, Ending, Piece
from agents.providers.own import PythonProvider
from examples import own_agent
from shared.errors import InvalidBody
from shared.protocol import Usage
from tests.agents.turns import request, said

ASKED = said(3, "ada", "@helper what is new?")
ENDING = Ending(Usage(requests=1))


async def pieces(model: str) -> list[Piece]:
    return [piece async for piece in PythonProvider(AGENTS).stream(Ask(request(ASKED, model=model)))]


async def test_the_example_answers() -> None:
    assert own_agent.greeter is AGENTS["greeter"]
    assert await pieces("greeter") == ["Hello Ada, you said “what is new?” to 2 people.", ENDING]


async def test_a_listed_agent_is_known_and_may_yield_its_text() -> None:
    assert own.tally.tally is AGENTS["tally"]
    assert await pieces("tally") == ["Ada: 1\n", "Ben: 0\n", ENDING]


async def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(InvalidBody, match="known are"):
        await pieces("nobody")


async def test_a_reader_that_goes_away_closes_the_agent() -> None:
    closed = []

    async def endless(turn: Turn) -> AsyncIterator[str]:
        try:
            while True:
                yield turn.question
        finally:
            closed.append(turn)

    stream = PythonProvider({"endless": endless}).stream(Ask(request(ASKED, model="endless")))
    assert await anext(stream) == "what is new?"
    await stream.aclose()
    assert closed
