"""What a socket is answered that says something else than a command."""

import json
import sqlite3

import pytest

from durable_objects.effects import Arrived, Tell
from tests.durable_objects.house import House


def test_a_frame_without_a_command_is_answered_under_the_id_that_it_has() -> None:
    ada = House().sit("ada")
    for text, frame_id in (('{"id":5}', 5), ('{"id":6,"fly":{}}', 6), ("{}", None), ("nonsense", None)):
        ada.raw(text)
        reply = ada.frames[-1]
        assert (reply["id"], reply["error"]["code"]) == (frame_id, "invalid_frame")
    assert ada.closed is None


def test_a_socket_that_is_left_in_an_archived_group_is_told_so() -> None:
    house = House()
    ada = house.sit("ada")
    house.group.room.status = "archived"
    assert ada.refused("members") == "group_archived"
    assert ada.closed == (4504, "group_archived")
    bye = json.loads(house.sockets.heard[ada.socket_id][-1])
    assert (bye["type"], bye["code"], bye["reconnect"]) == ("bye", 4504, False)


@pytest.mark.parametrize(
    ("text", "frame_id"),
    [
        ('{"id":7,"send":{"client_msg_id":"c","text":"hi"}}', 7),
        ('{"id":8,"fly":{}}', 8),
        ("nonsense", None),
        (None, None),
    ],
)
def test_a_frame_that_could_not_be_handled_is_answered_and_has_changed_nothing(
    text: str | None, frame_id: int | None
) -> None:
    house = House()
    ada = house.sit("ada")
    (reply,) = house.group.failed(Arrived(ada.session, text))
    assert isinstance(reply, Tell)
    told = json.loads(reply.text)
    assert (reply.socket_id, told["id"], told["error"]["code"]) == (ada.socket_id, frame_id, "internal_error")
    assert told["error"]["temporary"] is True


def test_what_fails_halfway_is_undone_and_goes_well_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    ada, head = house.sit("ada"), house.group.room.head
    send = '{"id":7,"send":{"client_msg_id":"c","text":"hi"}}'
    with monkeypatch.context() as broken:
        broken.setattr(house.group.rules.turn_taking, "person_said", _full)
        with pytest.raises(sqlite3.OperationalError):
            ada.raw(send)
    assert (house.group.room.head, house.group.room.journal.head()) == (head, head)
    ada.raw(send)
    assert ada.frames[-1]["seq"] == head + 1


def _full(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")
