"""The built-in agents as a provider: by name, for their purpose, within their limits."""

import pytest

from agents.providers import Ask, Ending, Piece, ToolCalls
from agents.providers.builtin import BuiltinProvider
from agents.tools import Call, Round
from shared.errors import InvalidBody
from shared.protocol import Usage
from tests.agents.turns import request, said

ASKED = said(3, "ada", "@helper when is bread baked?")
TALK = (said(2, "ben", "Bread is baked on Thursday."), ASKED)


async def pieces(ask: Ask) -> list[Piece]:
    async def at_once(_: float) -> None:
        pass

    return [piece async for piece in BuiltinProvider(at_once).stream(ask)]


async def test_words_are_its_tokens_and_their_limit_ends_it() -> None:
    ask = Ask(request(*TALK, model="librarian"), token_limit=3)
    assert await pieces(ask) == ["**About ", "bread ", "and ", Ending(Usage(output_tokens=3, requests=1), "length")]


async def test_the_librarian_searches_and_then_answers() -> None:
    ask = Ask(request(*TALK, model="librarian", tools=["search_history"]))
    wanted, _ = await pieces(ask)
    assert isinstance(wanted, ToolCalls)
    (call,) = wanted.calls
    assert (call.name, call.args) == ("search_history", '{"query":"bread bak","limit":20}')
    done = Round(text="", calls=(call.model_copy(update={"id": "1"}),), results={"1": "[]"})
    *said_then, _ = await pieces(Ask(ask.request, rounds=(done,)))
    assert "".join(map(str, said_then)) == "**About bread and baked**\n- Ben: “Bread is baked on Thursday.” (#2)"


@pytest.mark.parametrize(
    ("model", "candidates", "why"),
    [
        ("nobody", None, "known are librarian, scribe, host"),
        ("host", None, "only decides who answers"),
        ("scribe", {"librarian": "L"}, "cannot decide"),
    ],
)
async def test_an_agent_does_what_it_is_for(model: str, candidates: dict[str, str] | None, why: str) -> None:
    with pytest.raises(InvalidBody, match=why):
        await pieces(Ask(request(ASKED, model=model, candidates=candidates)))


async def test_the_host_decides_who_answers() -> None:
    ask = Ask(request(said(3, "ada", "Scribe?"), model="host", candidates={"scribe": "Scribe"}))
    assert (await pieces(ask))[0] == "@scribe"


async def test_a_call_that_was_answered_for_somebody_else_is_no_answer() -> None:
    other = Round(text="", calls=(Call(id="1", name="get_members", args="{}"),), results={"1": "[]"})
    with pytest.raises(Exception, match="became search_history"):
        await pieces(Ask(request(*TALK, model="librarian", tools=["search_history"]), rounds=(other,)))
