"""One run for one reader, whenever they come."""

import json

import pytest

from durable_objects.effects import TellReaders
from durable_objects.run_view import run_view
from shared.errors import Forbidden, NotFound
from shared.protocol import TurnSettings
from tests.durable_objects.house import Frame, House, agent_id, user_id


def view(house: House, run_id: str, offset: int = 0, who: str = "ada") -> tuple[list[Frame], bool]:
    frames, is_over = run_view(house.group.room, user_id(who), run_id, offset)
    return [json.loads(frame) for frame in frames], is_over


def text(frames: list[Frame]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "run.delta")


def asked() -> tuple[House, str]:
    house = House(("ada", "ben"), ("scribe",))
    house.sit("ada").say("@scribe hi")
    return house, house.running()


def test_a_run_under_way_is_seen_from_any_offset_and_is_not_over() -> None:
    house, run_id = asked()
    for piece in ("Grüß ", "👋🏽 ", "dich"):
        house.say(run_id, piece)
    whole = "Grüß 👋🏽 dich"
    for offset in range(len(whole) + 2):
        frames, is_over = view(house, run_id, offset)
        assert (frames[0]["type"], frames[0]["length"], is_over) == ("run", len(whole), False)
        assert text(frames) == whole[offset:]
        assert len(frames) == (2 if offset < len(whole) else 1), "nothing is told of nothing"


def test_a_run_that_is_over_is_told_whole_with_its_ending() -> None:
    house, run_id = asked()
    house.say(run_id, "Hello")
    house.end(run_id)
    house.wake()
    frames, is_over = view(house, run_id)
    assert is_over
    assert text(frames) == "Hello"
    assert frames[-1] == house.of_type("run.finished")[0]


def test_what_readers_are_told_follows_on_what_they_have_seen() -> None:
    house, run_id = asked()
    house.say(run_id, "Hel")
    seen = text(view(house, run_id)[0])
    house.effects.clear()
    house.say(run_id, "lo")
    house.end(run_id)
    told = [effect for effect in house.effects if isinstance(effect, TellReaders)]
    frames = [json.loads(effect.text) for effect in told]
    assert seen + text(frames) == "Hello"
    assert [effect.is_last for effect in told] == [False, True]
    assert frames[-1]["type"] == "run.finished"


def test_an_answer_that_was_deleted_is_not_read_out_by_another_way() -> None:
    house, run_id = asked()
    house.say(run_id, "A secret")
    house.end(run_id)
    seq = house.of_type("message.created")[-1]["seq"]
    house.sit("ada").ok("delete", seq=seq)
    assert text(view(house, run_id)[0]) == ""


def test_nobody_sees_a_run_from_before_they_came_or_of_a_group_they_are_not_in() -> None:
    house = House(("ada",), ("scribe",), history_visibility="since_join")
    house.sit("ada").say("@scribe hi")
    run_id = house.running()
    house.set_roster(("ada", "ben"), ("scribe",), history_visibility="since_join")
    assert view(house, run_id)[1] is False
    with pytest.raises(NotFound):
        view(house, run_id, who="ben")
    with pytest.raises(Forbidden):
        view(house, run_id, who="eve")
    with pytest.raises(NotFound):
        view(house, "run_" + "0" * 26)


def test_what_a_selector_thinks_is_read_by_nobody() -> None:
    turns = TurnSettings(turn_policy="selector", selector_agent_id=agent_id("scribe"))
    house = House(("ada",), ("scribe",), turns=turns)
    house.sit("ada").say("Well?")
    with pytest.raises(NotFound):
        view(house, house.running())
