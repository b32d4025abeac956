"""The rules of one group, driven through its one door."""

import json

import pytest

from durable_objects.calls import Archive, PostMessage, ReadHistory, SetRoster
from durable_objects.effects import Rang, RingAt, SettleLife, Stalled, StartRun
from durable_objects.frames import SESSION_LIFE_MS
from durable_objects.limits import PATIENCE_FRAMES, Limits
from durable_objects.presence import HELLO_WITHIN_MS, TYPING_LASTS_MS
from shared.errors import Forbidden, GroupArchived, GroupArchiving, TooManyRequests
from shared.protocol import History, Send
from tests.durable_objects.house import House, agent_id, pass_for, user_id


def test_a_log_begins_with_who_is_there() -> None:
    log = House(("ada", "ben"), ("scribe",)).log
    assert [e["type"] for e in log] == ["group.updated", "member.joined", "member.joined", "agent.added"]
    assert [e["seq"] for e in log] == [1, 2, 3, 4]


def test_what_is_shown_is_what_was_stored() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    seq = ada.say("häuser & <b>„quotes“</b> \u2028 \x01")
    stored = house.group.room.journal.event(seq)
    assert stored is not None
    for chair in (ada, ben):
        assert house.sockets.heard[chair.socket_id][-1] == stored[1]


def test_stored_events_are_canonical_json() -> None:
    house = House(("ada", "ben"), ("scribe",))
    ada = house.sit("ada")
    first = ada.say("hi @scribe \x1f ✓", reply_to=None)
    ada.ok("react", seq=first, emoji="👍")
    ada.ok("edit", seq=first, text="hello")
    run_id = house.group.rules.runs.active()[0].run_id
    house.say(run_id, "an answer")
    house.end(run_id)
    ada.ok("read", seq=first)
    ada.ok("delete", seq=first)
    house.set_roster(("ada",), (), title="New")
    for page in house.group.room.journal.pages(0, 100):
        for body in page:
            assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_rejected_message_changes_nothing() -> None:
    house = House()
    ada = house.sit("ada")
    before = house.log
    assert ada.refused("send", client_msg_id="x", text="a", reply_to=99) == "not_found"
    assert ada.refused("send", client_msg_id="x", text="") == "invalid_body"
    assert house.log == before
    assert ada.say("a", client_msg_id="x") == len(before) + 1


def test_a_message_is_one_whichever_way_it_comes_and_after_a_new_instance() -> None:
    house = House()
    ada = house.sit("ada")
    seq = ada.say("hi", client_msg_id="m")
    house.wake()
    assert ada.ok("send", client_msg_id="m", text="hi")["seq"] == seq
    posted = json.loads(house.call(PostMessage(user_id=user_id("ada"), message=Send(client_msg_id="m", text="hi"))))
    assert (posted["seq"], posted["duplicate"]) == (seq, True)
    assert ada.refused("send", client_msg_id="m", text="ho") == "conflict"
    assert house.sit("ben").ok("send", client_msg_id="m", text="hi")["duplicate"] is False


def test_nothing_is_heard_before_hello_and_nothing_said() -> None:
    house = House()
    silent, ada = house.connect("ben"), house.sit("ada")
    ada.say("hi")
    assert silent.frames == []
    assert silent.refused("send", client_msg_id="x", text="hi") == "forbidden"


def test_a_message_in_the_log_is_answered_as_before_where_it_could_not_be_said_any_more() -> None:
    house = House(agents=("scribe",))
    ada = house.sit("ada")
    target = ada.say("who comes?")
    mention = [{"kind": "agent", "id": agent_id("scribe")}]
    message = {"client_msg_id": "m", "text": "I do", "reply_to": target, "mentions": mention}
    seq = ada.ok("send", **message)["seq"]
    ada.ok("delete", seq=target)
    house.set_roster(("ada", "ben"))
    again = ada.ok("send", **message)
    assert (again["seq"], again["duplicate"]) == (seq, True)
    assert ada.refused("send", **{**message, "text": "I do not"}) == "conflict"
    assert ada.refused("send", **{**message, "client_msg_id": "other"}) == "invalid_body"
    assert [event["seq"] for event in house.log] == list(range(1, len(house.log) + 1))


def test_a_frame_larger_than_any_may_be_ends_its_socket_and_no_other() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    ada.raw('{"id":1,"send":{"text":"' + "x" * 70_000 + '"}}')
    assert [frame["error"]["code"] for frame in ada.frames if "error" in frame] == ["too_large"]
    assert ada.closed == (1009, "too_large")
    assert ben.say("hi") > 0


def test_a_binary_frame_ends_its_socket() -> None:
    ada = House().sit("ada")
    ada.raw(None)
    assert ada.closed == (1003, "text frames only")


def test_a_session_ends_at_its_time_and_not_before() -> None:
    house = House()
    ada = house.sit("ada")
    house.now_ms = ada.session.expires_ms - 1
    assert ada.say("the last word") > 0
    house.now_ms += 1
    assert ada.refused("send", client_msg_id="late", text="one more") == "session_expired"
    assert ada.closed == (4001, "session_expired")


def test_hello_twice_is_refused() -> None:
    assert House().sit("ada").refused("hello") == "conflict"


@pytest.mark.parametrize("since", range(6))
def test_a_resume_gives_exactly_the_gap(since: int) -> None:
    house = House()
    ada = house.sit("ada")
    for n in range(3):
        ada.say(f"{n}")
    again = house.sit("ada", since=since, epoch=ada.hello["epoch"])
    assert again.hello["recovered"] is True
    assert [e["seq"] for e in again.events] == list(range(since + 1, 7))


def test_a_resume_from_nowhere_gives_a_snapshot_instead() -> None:
    house = House()
    house.sit("ada").say("hi")
    for hello in ({}, {"since": 99}, {"since": 1, "epoch": "other"}):
        again = house.sit("ada", **hello)
        assert (again.hello["recovered"], again.hello["snapshot"]["seq"], again.events) == (False, 4, [])


def test_who_joined_later_sees_only_since_then_when_the_group_says_so() -> None:
    house = House(("ada",), ("scribe",), history_visibility="since_join")
    ada = house.sit("ada")
    ada.say("before Ben")
    house.set_roster(("ada", "ben"), ("scribe",), history_visibility="since_join")
    joined = ada.events[-1]["seq"]
    ada.say("with Ben")
    ben = house.sit("ben")
    assert [m["text"] for m in ben.hello["snapshot"]["messages"]] == ["with Ben"]
    assert house.sit("ben", since=0).hello["recovered"] is False
    assert [e["seq"] for e in house.sit("ben", since=joined - 1).events] == [joined, joined + 1]
    assert [e["seq"] for e in ben.ok("history", before=joined + 1)["events"]] == [joined]
    assert [e["seq"] for e in ben.ok("history", after=0)["events"]] == [joined, joined + 1]
    assert ada.ok("history", after=0)["events"][0]["seq"] == 1


def test_what_somebody_cannot_see_they_cannot_answer_or_react_to() -> None:
    house = House(("ada",), history_visibility="since_join")
    hidden = house.sit("ada").say("before Ben")
    house.set_roster(("ada", "ben"), history_visibility="since_join")
    ben, seen = house.sit("ben"), house.sit("ada").say("with Ben")
    for seq in (hidden, 99):
        assert ben.refused("react", seq=seq, emoji="x") == "not_found"
        assert ben.refused("edit", seq=seq, text="mine") == "not_found"
        assert ben.refused("send", client_msg_id="reply", text="yes", reply_to=seq) == "not_found"
    assert ben.ok("react", seq=seen, emoji="x")["seq"] > seen


def test_the_owner_deletes_anything_and_members_their_own() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    bens, adas = ben.say("mine"), ada.say("hers")
    assert ben.refused("delete", seq=adas) == "forbidden"
    assert ada.ok("delete", seq=bens)["seq"] == adas + 1
    assert ben.refused("edit", seq=bens, text="again") == "not_found"
    assert ben.refused("react", seq=bens, emoji="x") == "not_found"
    assert ben.ok("delete", seq=bens).get("seq") is None


def test_a_read_marker_moves_forward_only() -> None:
    house = House()
    ada = house.sit("ada")
    seq = ada.say("hi")
    assert ada.ok("read", seq=seq)["seq"] == seq + 1
    assert ada.ok("read", seq=1).get("seq") is None
    assert house.sit("ben").hello["reads"] == {user_id("ada"): seq}


def test_typing_is_shown_once_and_ends_by_itself() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    ben.ok("typing", on=True)
    ben.ok("typing", on=True)
    assert [f["on"] for f in ada.of_type("typing")] == [True]
    house.now_ms += TYPING_LASTS_MS
    house.happen(Rang())
    assert [f["on"] for f in ada.of_type("typing")] == [True, False]
    ben.ok("typing", on=True)
    ben.leave()
    assert [f["on"] for f in ada.of_type("typing")] == [True, False, True, False]


def test_a_person_is_online_as_long_as_one_socket_is() -> None:
    house = House()
    ada = house.sit("ada")
    phone, laptop = house.sit("ben"), house.sit("ben")
    phone.leave()
    assert [f["online"] for f in ada.of_type("presence")] == [True]
    laptop.leave()
    assert [f["online"] for f in ada.of_type("presence")] == [True, False]


def test_a_removed_member_is_told_and_closed_and_everything_later_is_refused() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    session = ben.session
    house.set_roster(("ada",))
    assert ben.closed == (4503, "removed")
    assert ben.of_type("bye")[0]["reconnect"] is False
    assert ben.of_type("member.left") == []
    assert ada.events[-1]["type"] == "member.left"
    house.sockets.open[ben.socket_id] = session
    assert ben.refused("send", client_msg_id="x", text="still here") == "removed"
    with pytest.raises(Forbidden):
        house.group.admit(pass_for("ben"))
    with pytest.raises(Forbidden):
        house.call(ReadHistory(user_id=user_id("ben"), query=History()))


def test_an_older_roster_changes_nothing() -> None:
    house = House()
    house.set_roster(("ada", "ben", "cleo"))
    before = house.log
    room = house.group.room
    stale = room.known().model_copy(update={"version": 1, "members": ()})
    house.call(SetRoster(roster=stale))
    assert house.log == before


def test_a_socket_that_says_nothing_is_closed_and_one_that_outlives_its_session_too() -> None:
    house = House()
    silent, ada = house.connect("ben"), house.sit("ada")
    house.now_ms += HELLO_WITHIN_MS
    house.happen(Rang())
    assert silent.closed == (4501, "no hello")
    assert ada.closed is None
    house.now_ms += SESSION_LIFE_MS
    house.happen(Rang())
    assert ada.closed == (4001, "session expired")


def test_a_fresh_token_of_the_same_person_extends_the_session() -> None:
    house = House()
    ada = house.sit("ada")
    before = ada.session.expires_ms
    house.now_ms += 1000
    assert "session_expires_at" in ada.ok("refresh", token="ada")
    assert ada.session.expires_ms == before + 1000
    assert ada.refused("refresh", token="ben") == "invalid_credential"
    assert ada.refused("refresh", token="bad") == "invalid_credential"
    house.now_ms = before
    assert ada.say("still here") > 0


def test_who_is_too_fast_is_told_when_to_go_on_and_who_never_waits_is_closed() -> None:
    house = House()
    house.limits = Limits(socket_frames_per_s=10, socket_frames_burst=3)
    house.wake()
    ada, ben = house.sit("ada"), house.sit("ben")
    ada.say("1")
    ada.say("2")
    reply = ada.command("members")
    assert (reply["error"]["code"], reply["error"]["retry_after_ms"]) == ("too_many_requests", 101)
    house.now_ms += 101
    ada.say("3")
    assert ben.say("unaffected") > 0
    for _ in range(PATIENCE_FRAMES):
        ada.command("members")
    assert ada.closed == (4013, "too many requests")


def test_a_reader_that_stalls_is_dismissed_once_and_the_others_are_told() -> None:
    house = House()
    ada, ben = house.sit("ada"), house.sit("ben")
    session = ben.session
    house.happen(Stalled(session))
    house.happen(Stalled(session))
    assert ben.closed == (4008, "too slow")
    assert ben.of_type("bye")[0]["reconnect"] is True
    assert [f["online"] for f in ada.of_type("presence")] == [True, False]
    assert ada.say("go on") > 0


def test_a_person_and_a_group_have_room_for_so_many_sockets() -> None:
    house = House()
    house.limits = Limits(sockets_per_user=2, sockets_per_group=3)
    house.wake()
    house.sit("ada")
    house.group.admit(pass_for("ada"))
    house.sit("ada")
    with pytest.raises(TooManyRequests):
        house.group.admit(pass_for("ada"))
    house.sit("ben")
    with pytest.raises(TooManyRequests):
        house.group.admit(pass_for("ben"))


def test_archiving_ends_runs_and_lets_nothing_more_be_said() -> None:
    house = House(("ada", "ben"), ("scribe",))
    ada = house.sit("ada")
    ada.say("@scribe sum up")
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    assert [e["type"] for e in house.log[-3:]] == ["run.started", "run.finished", "group.archived"]
    assert house.group.room.archive_reason() == "over"
    assert ada.refused("send", client_msg_id="x", text="late") == "group_archiving"
    head = house.group.room.head
    house.call(Archive(user_id=user_id("ada"), reason="again"))
    assert house.group.room.head == head
    house.wake()
    assert any(isinstance(effect, SettleLife) for effect in house.effects)
    house.perform(house.group.archived())
    assert ada.closed == (4504, "group archived")
    with pytest.raises(GroupArchived):
        house.group.admit(pass_for("ada"))
    with pytest.raises(GroupArchived):
        house.call(PostMessage(user_id=user_id("ada"), message=Send(client_msg_id="y", text="late")))


def test_a_member_who_is_removed_while_archiving_goes_and_the_log_stays_as_it_is() -> None:
    house = House()
    ben = house.sit("ben")
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    log = house.log
    house.set_roster(("ada", "cleo"), ("scribe",), title="New")
    assert ben.closed == (4503, "removed")
    assert house.log == log
    assert [e["type"] for e in log][-1] == "group.archived"


def test_an_unfinished_archive_is_tried_again_ever_less_often() -> None:
    house = House()
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    waits = []
    for _ in range(6):
        effects = house.happen(Rang())
        assert SettleLife() in effects
        waits += [e.at_ms - house.now_ms for e in effects if isinstance(e, RingAt)]
    assert waits == [5_000, 10_000, 30_000, 120_000, 600_000, 600_000]


def test_while_archiving_a_message_over_http_is_refused_as_such() -> None:
    house = House()
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    with pytest.raises(GroupArchiving):
        house.call(PostMessage(user_id=user_id("ada"), message=Send(client_msg_id="y", text="late")))


def test_a_failing_write_leaves_the_log_as_it_was_and_the_group_goes_on() -> None:
    house = House(("ada", "ben"), ("scribe",))
    ada = house.sit("ada")
    before = house.log
    house.sql.fail_on = "INSERT INTO runs"
    with pytest.raises(RuntimeError):
        ada.command("send", client_msg_id="x", text="@scribe hi")
    assert house.log == before
    assert house.group.room.head == len(before)
    assert ada.ok("send", client_msg_id="x", text="@scribe hi")["duplicate"] is False
    assert len([e for e in house.effects if isinstance(e, StartRun)]) == 1


def test_a_new_instance_asks_for_every_deadline_again() -> None:
    house = House(("ada",), ("scribe",))
    ada, silent = house.sit("ada"), house.connect("ada")
    ada.say("@scribe one")
    house.effects.clear()
    house.wake()
    asked = {effect.at_ms for effect in house.effects if isinstance(effect, RingAt)}
    assert {silent.session.connected_ms + HELLO_WITHIN_MS, ada.session.expires_ms} <= asked


def test_a_roster_that_cannot_be_written_changes_nobody() -> None:
    house = House()
    ada = house.sit("ada")
    house.sql.fail_on = "INSERT INTO joins"
    with pytest.raises(RuntimeError):
        house.set_roster(("ada", "ben", "cleo"))
    assert [m["name"] for m in ada.ok("members")["members"]] == ["Ada", "Ben"]
    house.set_roster(("ada", "ben", "cleo"))
    assert ada.events[-1]["data"]["member"]["name"] == "Cleo"


def test_every_deadline_is_asked_for() -> None:
    house = House(("ada",), ("scribe",))
    chair = house.connect("ada")
    assert RingAt(house.now_ms + HELLO_WITHIN_MS) in house.effects
    chair.ok("hello")
    assert RingAt(chair.session.expires_ms) in house.effects
