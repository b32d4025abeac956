"""A group that was never opened knows nothing, and a roster counts once it is newer."""

import pytest

from durable_objects.journal import Journal
from durable_objects.room import Room
from shared.errors import NotFound
from tests.durable_objects.house import House, roster, user_id
from tests.fakes import FakeSql


def test_nothing_is_known_of_a_group_before_it_was_opened() -> None:
    room = Room(Journal(FakeSql()), lambda: 0, lambda prefix: prefix)
    assert room.status == "unopened"
    for ask in (room.known, room.session):
        with pytest.raises(NotFound):
            ask()
    assert room.is_news(roster(("ada",), version=0))


def test_only_a_later_version_of_a_roster_is_news() -> None:
    room = House().group.room
    version = room.known().version
    assert [room.is_news(roster(("ada",), version=version + more)) for more in (-1, 0, 1)] == [False, False, True]


def test_who_was_there_from_the_start_sees_all_of_it() -> None:
    house = House(("ada",), history_visibility="since_join")
    assert house.group.room.first_seq(user_id("ada")) == 1
    house.set_roster(("ada", "ben"), history_visibility="since_join")
    assert house.group.room.first_seq(user_id("ben")) == house.log[-1]["seq"]
    shown = House(("ada",))
    shown.set_roster(("ada", "ben"))
    assert shown.group.room.first_seq(user_id("ben")) == 1
