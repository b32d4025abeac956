"""A function becomes an agent by its name."""

import pytest

from agents.own.agent import Turn, agent
from tests.agents.turns import identity, request, said


def test_a_turn_says_who_asks_what_in_front_of_whom() -> None:
    turn = Turn(request(said(3, "ben", "Hi"), said(4, "ada", "@helper, @other what is new?")))
    assert (turn.question, turn.asker.name) == ("what is new?", "Ada")
    assert [message.seq for message in turn.messages] == [3, 4]
    assert [member.id for member in turn.members] == [identity("ada", "user"), identity("ben", "user")]


def test_a_question_that_is_gone_is_empty() -> None:
    assert Turn(request(said(3, "ben", "Hi"), trigger=9)).question == ""


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="tally"):
        agent("tally")(lambda _: _never())


async def _never() -> str:
    raise AssertionError
