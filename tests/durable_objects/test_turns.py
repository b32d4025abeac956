"""Who is named, who is called, whose turn it is."""

import time

import pytest

from durable_objects.run_stream import TEXT_LIMIT_CHARS
from durable_objects.turns import called, next_in_turn, selected
from shared.protocol import Mention
from tests.durable_objects.house import agent, agent_id

AGENTS = {agent_id(name): agent(name) for name in ("scribe", "librarian")}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@librarian, do you know?", ("librarian",)),
        ("I, @scribe, ask @librarian.", ("librarian",)),
        ("Ada said “@librarian where is it?”", ()),
        ('Ada said "@librarian where is it?"', ()),
        ("> @librarian where is it?\nThat was the question.", ()),
        ("> Ada asked where it is.\n@librarian, do you know?", ("librarian",)),
        ("```\ncode\n```\n@librarian", ("librarian",)),
        ("“an open quote, and “@librarian", ("librarian",)),
        ("Type `@librarian` to ask.", ()),
        ("```\n@librarian\n```", ()),
        ("```\n@librarian and no end", ()),
        ("“quoted” and then @librarian", ("librarian",)),
        ("ask them at librarian@example", ()),
    ],
)
def test_an_agent_calls_others_by_name_and_nobody_whom_it_quotes(text: str, names: tuple[str, ...]) -> None:
    expected = tuple(Mention(kind="agent", id=agent_id(name)) for name in names)
    assert called(text, AGENTS, agent_id("scribe")) == expected


@pytest.mark.parametrize("sign", ["“", "“a", "`", "```", '"', "@", "@a", " > ", "\n>", "```\n`"])
def test_no_text_takes_long_to_be_searched_for_names(sign: str) -> None:
    began = time.process_time()
    called(sign * (TEXT_LIMIT_CHARS // len(sign)), AGENTS, agent_id("scribe"))
    assert time.process_time() - began < 0.5


def test_turns_go_round_and_on_from_somebody_who_has_left() -> None:
    assert next_in_turn(["a", "b", "c"], None) == ("a",)
    assert next_in_turn(["a", "b", "c"], "a") == ("b",)
    assert next_in_turn(["a", "b", "c"], "c") == ("a",)
    assert next_in_turn(["a", "b"], "gone") == ("a",)
    assert next_in_turn([], "a") == ()


def test_a_selector_names_those_who_are_there_or_nobody_at_all() -> None:
    assert selected("@scribe", AGENTS) == (agent_id("scribe"),)
    assert selected("I think @ghost and @LIBRARIAN", AGENTS) == (agent_id("librarian"),)
    assert selected("Nobody.", AGENTS) == ()
    for nothing in ("", "@ghost", "the scribe, I think"):
        assert selected(nothing, AGENTS) is None
