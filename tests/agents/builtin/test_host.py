"""The host names one candidate by simple rules, or nobody."""

import time

import pytest

from agents.builtin.host import NOBODY, choose
from agents.turn import Turn
from shared.protocol import TEXT_LIMIT_CHARS
from tests.agents.turns import request, said

ROOM = {"librarian": "Librarian", "scribe": "Scribe", "chef": "Chef Anna"}


async def chosen(text: str, room: dict[str, str] | None = None) -> str:
    return await choose(Turn(request(said(3, "ada", text), candidates=ROOM if room is None else room)))


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("Chef Anna, how long does the bread bake?", "@chef"),
        ("could the CHEF look at this", "@chef"),
        ("What did Ben say about the ovens?", "@librarian"),
        ("Who promised to bring the tables?", "@librarian"),
        ("When was the delivery?", "@librarian"),
        ("Can somebody find out who paid? Remind me", "@librarian"),
        ("Could you sum up?", "@scribe"),
        ("tl;dr please", "@scribe"),
        ("What did I miss?", "@scribe"),
        ("summarise what the librarian said", "@librarian"),
        ("Good morning everybody", NOBODY),
        ("I said the ovens were late.", NOBODY),
        ("The chefs are here", NOBODY),
        ("", NOBODY),
        ("Chef or scribe, one of you", NOBODY),
    ],
)
async def test_the_first_rule_that_fits_decides(text: str, who: str) -> None:
    assert await chosen(text) == who


@pytest.mark.parametrize("text", ["What did Ben say?", "sum up", "librarian?"])
async def test_nobody_is_chosen_who_is_no_candidate(text: str) -> None:
    assert await chosen(text, {"chef": "Chef"}) == NOBODY
    assert await chosen(text, {}) == NOBODY


async def test_two_that_fit_alike_are_no_choice() -> None:
    assert await chosen("What did Ben say?", {"librarian": "L", "archive": "A"}) == NOBODY


async def test_a_name_with_signs_in_it_is_a_name() -> None:
    assert await chosen("C++ (old), please", {"c": "C++ (old)"}) == "@c"


@pytest.mark.parametrize("sign", ["who ", "remind ", "find ", "last ", "was"])
async def test_no_message_takes_long_to_be_decided_on(sign: str) -> None:
    began = time.process_time()
    await chosen(sign * (TEXT_LIMIT_CHARS // len(sign)) + "?")
    assert time.process_time() - began < 0.5
