"""The librarian quotes what people said about a question, and nothing else."""

import json
from typing import Any

import pytest

from agents.builtin.librarian import NOTHING_ASKED, answer, librarian
from agents.turn import Turn
from shared.agent_api import TurnMessage
from tests.agents.turns import request, said

TALK = (
    said(5, "ada", "Morning! The new ovens arrive on Thursday, one day before the kitchen reopens."),
    said(6, "ben", "Then the menu has to be small. Fish soup, bread and the plum cake."),
    said(7, "ada", "The delivery costs 240 euros."),
    said(8, "ben", "I paid the deposit for the oven already."),
)


def ask(text: str, *talk: TurnMessage) -> str:
    messages = (*(talk or TALK), said(20, "ada", text))
    return answer(messages, 20, "librarian", is_all=True)


def seqs(text: str) -> list[int]:
    return [int(part.partition(")")[0]) for part in text.split("(#")[1:]]


def test_a_quotation_names_its_speaker_and_says_where() -> None:
    assert ask("@librarian what does delivery cost?") == (
        "**About delivery and cost**\n- Ada: “The delivery costs 240 euros.” (#7)"
    )


def test_other_forms_of_a_word_are_found() -> None:
    assert seqs(ask("@librarian when is the oven arriving?")) == [5, 8]


def test_what_fits_best_stands_first_and_three_are_enough() -> None:
    talk = [said(n, "ben", f"The tables of row {n} belong to the school.") for n in range(1, 9)]
    best = said(9, "ada", "The school wants its tables and chairs back.")
    assert seqs(ask("@librarian school tables, chairs?", *talk, best))[0] == 9
    assert seqs(ask("@librarian whose tables?", *talk)) == [8, 7, 6]


def test_one_message_is_quoted_once() -> None:
    talk = said(3, "ada", "The bread is rye. The bread is fresh. Bread!")
    assert seqs(ask("@librarian tell us about the bread", talk, said(4, "ben", "Good."))) == [3]


@pytest.mark.parametrize("kind", ["agent", "system"])
def test_only_people_are_quoted(kind: str) -> None:
    talk = TurnMessage.model_validate(
        said(3, "x", "The ovens are red.").model_dump() | {"sender": {"kind": kind, "id": "x", "name": "X"}}
    )
    assert ask("@librarian which ovens?", talk) == "Nothing was said about ovens here."


def test_neither_this_question_nor_an_earlier_one_answers_it() -> None:
    earlier = said(3, "ben", "@Librarian, what about the parking?")
    assert ask("@librarian what about the parking?", earlier) == "Nothing was said about parking here."


def test_a_statement_stands_before_a_question() -> None:
    talk = (said(3, "ada", "Is the parking free?"), said(4, "ben", "All of the parking is free."))
    assert seqs(ask("@librarian free parking", *talk))[0] == 4


def test_one_word_of_many_is_no_answer() -> None:
    assert ask("@librarian do ovens need insurance papers signed?") == (
        "Nothing was said about ovens, need, insurance, papers and signed here."
    )


@pytest.mark.parametrize("text", ["@librarian", "@librarian what did they say?", "@librarian ???"])
def test_a_question_about_nothing_is_answered_with_a_hint(text: str) -> None:
    assert ask(text) == NOTHING_ASKED


def test_a_trigger_that_is_not_in_the_transcript_asks_nothing() -> None:
    assert answer(TALK, 99, "librarian") == NOTHING_ASKED


def test_an_empty_room_has_said_nothing() -> None:
    assert (
        answer((said(1, "ada", "@librarian ovens?"),), 1, "librarian", is_all=True)
        == "Nothing was said about ovens here."
    )


def hit(seq: int, text: str, kind: str = "user") -> dict[str, object]:
    return {
        "seq": seq,
        "ts": "2026-11-23T09:00:00.000Z",
        "sender": {"id": "x", "kind": kind, "name": "Cy"},
        "text": text,
    }


async def asked(text: str, found: str, tools: tuple[str, ...] = ("search_history",)) -> tuple[str, list[Any]]:
    """What it answers when the search finds this, and what it searched for."""
    searched: list[Any] = []

    def use(tool: str, arguments: dict[str, object]) -> str:
        searched.append((tool, arguments))
        return found

    return await librarian(Turn(request(*TALK, said(20, "ada", text), tools=tools), use)), searched


async def test_with_a_search_it_looks_through_the_whole_history() -> None:
    found = json.dumps([hit(2, "The harbour master wants 90 euros a day."), hit(7, "The delivery costs 240 euros.")])
    answered, searched = await asked("@librarian what does the harbour master want?", found)
    assert answered == "**About harbour, master and want**\n- Cy: “The harbour master wants 90 euros a day.” (#2)"
    assert searched == [("search_history", {"query": "harbour master want", "limit": 20})]


async def test_what_was_found_and_seen_is_quoted_once_and_agents_never() -> None:
    found = json.dumps([hit(7, "The delivery costs 240 euros."), hit(3, "Delivery costs nothing.", "agent")])
    assert seqs((await asked("@librarian what does delivery cost?", found))[0]) == [7]


async def test_when_the_whole_history_has_nothing_it_says_so() -> None:
    assert (await asked("@librarian parking?", "[]"))[0] == "Nothing was said about parking here."


@pytest.mark.parametrize("found", ["Error: There was no answer", "{}", '[{"seq": 1}]'])
async def test_a_search_that_failed_is_no_whole_history(found: str) -> None:
    assert (await asked("@librarian parking?", found))[
        0
    ] == "Nothing was said about parking in the messages that I can see."
    assert seqs((await asked("@librarian what does delivery cost?", found))[0]) == [7]


async def test_without_the_tool_it_answers_from_what_it_sees_and_promises_no_more() -> None:
    answered, searched = await asked("@librarian parking?", "[]", ())
    assert (answered, searched) == ("Nothing was said about parking in the messages that I can see.", [])


async def test_where_nothing_is_asked_nothing_is_searched() -> None:
    assert await asked("@librarian", "[]") == (NOTHING_ASKED, [])


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("@librarian when are the ovens arriving?", "oven arriv"),
        ("@librarian which parties?", "party parties"),
        ("@librarian " + "x" * 300, "x" * 200),
        ("@librarian " + " ".join(f"word{n}" for n in range(60)), " ".join(f"word{n}" for n in range(30))),
    ],
)
async def test_it_searches_for_words_by_their_beginnings(text: str, query: str) -> None:
    ((_, arguments),) = (await asked(text, "[]"))[1]
    assert arguments["query"].startswith(query[:190])
    assert len(arguments["query"]) <= 200
