"""What a socket is answered that says something else than a command."""

import json

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
