from dataclasses import replace

import pytest

from durable_objects.access import Access
from durable_objects.calls import Disconnect, OpenSession
from durable_objects.journal import Journal
from durable_objects.limits import Limits
from shared.errors import InvalidCredential
from shared.tokens import SKEW_S
from tests.durable_objects.house import Chair, House, pass_for, user_id
from tests.fakes import FakeSql


def disconnect(house: House, name: str, version: int = 1, *, final: bool = False) -> None:
    house.call(Disconnect(user_id=user_id(name), access_version=version, code=4503 if final else 4001))


def presence(chair: Chair) -> list[bool]:
    return [frame["online"] for frame in chair.of_type("presence")]


@pytest.mark.parametrize(("final", "code"), [(True, 4503), (False, 4001)])
def test_all_sockets_of_a_disconnected_person_are_told_and_closed_and_no_others(final: bool, code: int) -> None:
    house = House()
    ada, bens, silent = house.sit("ada"), [house.sit("ben"), house.sit("ben")], house.connect("ben")
    disconnect(house, "ben", final=final)
    for chair in (*bens, silent):
        assert chair.closed == (code, "revoked")
        assert chair.frames[-1] == {"type": "bye", "code": code, "reason": "revoked", "reconnect": not final}
    assert ada.closed is None
    assert presence(ada) == [True, False], "gone once, not once a socket"
    assert ada.say("go on") > 0


def test_one_who_never_spoke_leaves_unseen() -> None:
    house = House()
    ada, _ = house.sit("ada"), house.connect("ben")
    disconnect(house, "ben")
    assert presence(ada) == []


def test_what_was_opened_since_stays_and_keeps_its_person_here() -> None:
    house = House()
    ada, old = house.sit("ada"), house.sit("ben")
    new = house.connect("ben", access=1)
    new.ok("hello")
    disconnect(house, "ben")
    disconnect(house, "ben")
    assert (old.closed, new.closed) == ((4001, "revoked"), None)
    assert presence(ada) == [True]
    assert new.say("still here") > 0


def test_tokens_from_before_open_nothing_more_also_in_the_next_instance() -> None:
    house = House()
    house.group.admit(pass_for("ben"))
    disconnect(house, "ben", 2)
    disconnect(house, "ben", 1)
    for _ in ("this instance", "the next"):
        with pytest.raises(InvalidCredential):
            house.group.admit(pass_for("ben", mv=1))
        house.group.admit(pass_for("ben", mv=2))
        house.group.admit(pass_for("ada"))
        house.wake()


def test_a_refresh_takes_no_token_from_before_and_makes_the_socket_one_of_now() -> None:
    house = House()
    ben = house.sit("ben")
    ben.ok("refresh", token="ben:3")
    disconnect(house, "ben", 3)
    assert ben.closed is None
    assert ben.refused("refresh", token="ben:2") == "invalid_credential"
    ben.ok("refresh", token="ben:3")


def test_a_session_that_was_ended_says_nothing_more() -> None:
    house = House()
    ben = house.sit("ben")
    session = replace(ben.session, expires_ms=0)
    disconnect(house, "ben")
    house.sockets.open[ben.socket_id] = session
    assert ben.refused("send", client_msg_id="x", text="still here") == "session_expired"
    assert not any(event["type"] == "message.created" for event in house.log)


def test_once_the_orchestrators_key_is_revoked_the_next_instance_lets_go_of_everybody() -> None:
    house = House()
    chairs = [house.sit("ada"), house.sit("ben"), house.connect("ben")]
    house.wake()
    assert [chair.closed for chair in chairs] == [None, None, None]
    house.disowned.add("cert")
    assert chairs[0].say("this one knows nothing of it") > 0
    house.wake()
    for chair in chairs:
        assert chair.closed == (4001, "revoked")
        assert chair.frames[-1] == {"type": "bye", "code": 4001, "reason": "revoked", "reconnect": True}


def test_who_is_let_in_by_a_session_that_was_opened_anew_stays() -> None:
    house = House()
    house.disowned.add("cert")
    house.wake()
    session = house.group.room.session()
    opening = OpenSession(
        controller_id="gc",
        session_epoch=2,
        private_key=session.key,
        certificate="another",
        certificate_expires_s=20_000,
        roster=house.group.room.known(),
    )
    house.call(opening)
    ada = house.sit("ada")
    house.wake()
    assert ada.closed is None


# ── tokens that are good for one use ────────────────────────────────────────────────────────────────────────────────


def single_use() -> House:
    house = House()
    house.limits = Limits(single_use_routing_tokens=True)
    house.wake()
    return house


def test_where_tokens_are_good_for_one_use_the_second_is_refused_also_in_the_next_instance() -> None:
    house = single_use()
    house.group.admit(pass_for("ben"))
    for _ in ("this instance", "the next"):
        with pytest.raises(InvalidCredential):
            house.group.admit(pass_for("ben"))
        house.wake()
    house.group.admit(pass_for("ben", jti="k" * 22))


def test_a_refresh_is_a_use() -> None:
    house = single_use()
    ben = house.sit("ben")
    ben.ok("refresh", token="ben")
    assert ben.refused("refresh", token="ben") == "invalid_credential"
    with pytest.raises(InvalidCredential):
        house.group.admit(pass_for("ben"))


def test_by_default_a_token_opens_as_many_as_it_lives() -> None:
    house = House()
    for _ in range(3):
        house.group.admit(pass_for("ben"))


def test_a_used_token_is_remembered_as_long_as_it_could_be_accepted_and_no_longer() -> None:
    sql, now_s = FakeSql(), 1000
    access = Access(Journal(sql), lambda: now_s * 1000, single_use=True)
    access.enter(pass_for("ben", exp=now_s + 60))
    now_s += 60 + SKEW_S
    with pytest.raises(InvalidCredential):
        access.enter(pass_for("ben", exp=now_s))
    now_s += 1
    access.enter(pass_for("ada", jti="k" * 22, exp=now_s + 60))
    assert [row[0] for row in sql.execute("SELECT jti FROM used_tokens")] == ["k" * 22]
    sql.close()
