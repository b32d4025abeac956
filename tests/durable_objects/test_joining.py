"""No frame is larger than what clients come with, and nothing is lost by that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_objects import joining
from durable_objects.joining import FRAME_CHARS, fitting, joined
from tests.durable_objects.house import House

MEBIBYTE = 1024 * 1024


@given(st.lists(st.integers(0, 10**6).map(json.dumps), max_size=40), st.integers(4, 60))
def test_what_is_joined_comes_apart_into_the_same(texts: list[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "FRAME_CHARS", most)
        frames = list(joined(texts))
        parsed = [json.loads(frame) for frame in frames]
        assert [item for value in parsed for item in (value if isinstance(value, list) else [value])] == [
            json.loads(text) for text in texts
        ]
        assert all(len(frame) <= most + 2 or not isinstance(json.loads(frame), list) for frame in frames)


def test_one_text_always_fits() -> None:
    assert fitting(["x" * FRAME_CHARS * 2, "y"]) == 1
    assert fitting(["x", "y"]) == 2
    assert fitting([]) == 0


def test_large_messages_come_in_frames_that_any_client_takes() -> None:
    house = House()
    ada = house.sit("ada")
    seqs = [ada.say("🍞" * 15_000 + str(n)) for n in range(60)]
    fresh, again = house.sit("ben"), house.sit("ben", since=0)
    first = ada.ok("history", after=0, limit=200)
    for chair in (fresh, again, ada):
        assert max(len(text.encode()) for text in house.sockets.heard[chair.socket_id]) <= MEBIBYTE
    assert [event["seq"] for event in again.events][-60:] == seqs
    assert 0 < len(fresh.hello["snapshot"]["messages"]) < 50
    assert fresh.hello["snapshot"]["messages"][-1]["seq"] == seqs[-1]
    assert first["more"] is True


@pytest.mark.parametrize("forwards", [True, False])
def test_history_of_large_messages_is_paged_without_a_gap(forwards: bool) -> None:
    house = House()
    ada = house.sit("ada")
    for n in range(30):
        ada.say("🍞" * 15_000 + str(n))
    log = [event["seq"] for event in house.log]
    seen: list[int] = []
    more = True
    while more:
        place = {"after": seen[-1] if seen else 0} if forwards else {"before": seen[0]} if seen else {}
        page = ada.ok("history", limit=200, **place)
        found = [event["seq"] for event in page["events"]]
        seen = seen + found if forwards else found + seen
        more = page["more"]
    assert seen == log
