"""What a group counts: each thing once, and nothing that did not come about."""

import pytest

from durable_objects.effects import RunEnded
from shared.protocol import Usage
from tests.durable_objects.house import House


def counted(house: House) -> dict[str, int]:
    return {":".join(key).rstrip(":"): amount for key, amount in house.metrics.sums.items()}


def test_messages_are_counted_once_and_by_who_speaks() -> None:
    house = House(("ada", "ben"), ("scribe",))
    ada = house.sit("ada")
    for _ in range(2):
        ada.say("@scribe hi", client_msg_id="same")
    house.answer("scribe", "Hello")
    assert counted(house) == {
        "message:user": 1,
        "message:agent": 1,
        "run:success": 1,
        "tokens:output": 3,
    }


def test_runs_are_counted_by_how_they_ended_and_tokens_with_them() -> None:
    house = House(("ada",), ("scribe",))
    house.sit("ada").say("@scribe hi")
    house.happen(RunEnded(house.running("scribe"), "limit", Usage(input_tokens=41, output_tokens=7)))
    assert counted(house) == {"message:user": 1, "run:limit": 1, "tokens:input": 41, "tokens:output": 7}


def test_refusals_are_counted_by_their_code() -> None:
    house = House(("ada", "ben"))
    ada = house.sit("ada")
    ada.refused("send", client_msg_id="a", text="hi", reply_to=99)
    ada.refused("edit", seq=99, text="x")
    assert counted(house) == {"refusal:not_found": 2}


def test_what_was_rolled_back_is_not_counted() -> None:
    house = House(("ada",), ("scribe",))
    house.sit("ada").say("@scribe hi")
    before = counted(house)
    house.sql.fail_on = "INSERT INTO usage"
    with pytest.raises(RuntimeError, match="disk full"):
        house.answer("scribe", "Hello")
    assert counted(house) == before
    house.sql.fail_on = None
    house.answer("scribe", "Hello")
    assert counted(house)["run:success"] == 1
