"""What a tool of the group gives, and what it takes."""

import json
from typing import Any

import pytest

from durable_objects.group_tools import GroupTools
from shared.agent_api import ToolCall
from shared.search import SEARCH_LIMIT_CHARS
from tests.durable_objects.house import House, agent, agent_id, user_id

FITS_NOT = {"error": "The arguments do not fit the tool"}
NOT_THERE = {"error": "There is no such tool for you"}


@pytest.fixture
def house() -> House:
    house = House(("ada", "ben"))
    scribe = agent("scribe").model_copy(update={"tools": ("get_members", "search_history", "fly")})
    house.set_roster(("ada", "ben"), profiles=(scribe,))
    return house


def use(house: House, name: str, args: str) -> Any:  # noqa: ANN401 -- JSON
    run = house.group.room.journal.runs.find(house.running())
    assert run is not None
    call = ToolCall(tool_call_id="c", tool_name=name, args=args)
    return json.loads(GroupTools(house.group.room).answer(run, call))


def test_who_is_here_is_told_with_all_that_the_room_shows(house: House) -> None:
    house.sit("ada").say("@scribe who is here?")
    assert use(house, "get_members", "{}") == [
        {"id": user_id("ada"), "kind": "user", "name": "Ada", "role": "owner"},
        {"id": user_id("ben"), "kind": "user", "name": "Ben", "role": "member"},
        {"id": agent_id("scribe"), "kind": "agent", "name": "Scribe", "handle": "scribe"},
    ]
    assert use(house, "get_members", '{"of": "other"}') == FITS_NOT


def test_what_is_found_says_where_when_and_who_and_is_not_the_question(house: House) -> None:
    ada, ben = house.sit("ada"), house.sit("ben")
    seq = ben.say("bread é")
    ada.say("@scribe bread?")
    (hit,) = use(house, "search_history", '{"query": "bread"}')
    assert (hit["seq"], hit["text"]) == (seq, "bread é")
    assert hit["ts"] == ada.of_type("message.created")[0]["ts"]
    assert hit["sender"] == {"kind": "user", "id": user_id("ben"), "name": "Ben"}


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({"query": "bread"}, 8),
        ({"query": "bread", "limit": 1}, 1),
        ({"query": "bread", "limit": 20}, 20),
        ({"query": "b" * SEARCH_LIMIT_CHARS}, 0),
    ],
)
def test_a_search_gives_so_many(house: House, args: dict[str, object], found: int) -> None:
    ada = house.sit("ada")
    for number in range(25):
        ada.say(f"bread {number}")
    ada.say("@scribe please")
    assert len(use(house, "search_history", json.dumps(args))) == found


@pytest.mark.parametrize(
    "args",
    [
        "{}",
        '{"query": ""}',
        json.dumps({"query": "b" * (SEARCH_LIMIT_CHARS + 1)}),
        '{"query": "b", "limit": 0}',
        '{"query": "b", "limit": 21}',
        '{"query": "b", "limit": "8"}',
        '{"query": "b", "more": 1}',
        '{"query": "b", "query": "c"}',
        "[]",
        "",
    ],
)
def test_arguments_that_do_not_fit_are_answered_in_words(house: House, args: str) -> None:
    house.sit("ada").say("@scribe please")
    assert use(house, "search_history", args) == FITS_NOT


def test_a_name_on_an_agents_list_makes_no_tool(house: House) -> None:
    house.sit("ada").say("@scribe please")
    assert use(house, "fly", "{}") == NOT_THERE
    assert use(house, "approve", "{}") == NOT_THERE
