import pytest

from parley.conversation import Answer, Command, Conversation, Effect, Emit, Leave, Transmit
from parley.errors import CommandRefused
from parley.events import Event, MessageCreated, Presence, Reset, RunDelta, Unknown
from shared.protocol import MemberJoined
from shared.replies import ActiveRun, Snapshot
from shared.replies import Presence as WirePresence
from tests.clients import wire


def joined(since: int = 0) -> Conversation:
    conversation = Conversation(since=since, epoch=wire.EPOCH)
    conversation.connected()
    conversation.receive(wire.hello_ok(since))
    return conversation


def reconnected(conversation: Conversation, hello_ok: str) -> list[Effect]:
    conversation.disconnected()
    conversation.connected()
    return conversation.receive(hello_ok)


def seqs(effects: list[Effect]) -> list[int]:
    return [e.item.seq for e in effects if isinstance(e, Emit) and isinstance(e.item, Event)]


def left(effects: list[Effect]) -> Leave:
    (leave,) = [effect for effect in effects if isinstance(effect, Leave)]
    return leave


def test_first_hello_claims_to_know_nothing() -> None:
    assert wire.parsed(Conversation().connected()) == {"id": 1, "hello": {"runs": {}}}


def test_hello_after_events_names_the_last_one() -> None:
    conversation = joined()
    conversation.receive(wire.event(1))
    conversation.disconnected()
    assert wire.parsed(conversation.connected()) == {"id": 1, "hello": {"since": 1, "epoch": wire.EPOCH, "runs": {}}}


def test_an_object_and_an_array_are_the_same_to_a_reader() -> None:
    conversation = joined()
    assert seqs(conversation.receive(wire.event(1))) == [1]
    assert seqs(conversation.receive(wire.array(wire.event(2), wire.event(3)))) == [2, 3]


def test_an_event_seen_before_is_dropped_and_counted() -> None:
    conversation = joined()
    conversation.receive(wire.event(1))
    assert seqs(conversation.receive(wire.array(wire.event(1), wire.event(2)))) == [2]
    assert conversation.counters.duplicates == 1


def test_a_hole_is_never_shown_but_mended_by_reconnecting() -> None:
    conversation = joined()
    effects = conversation.receive(wire.array(wire.event(1), wire.event(3), wire.event(4)))
    assert seqs(effects) == [1]
    assert left(effects).reconnect
    assert conversation.counters.resyncs == 1
    conversation.disconnected()
    assert wire.parsed(conversation.connected())["hello"]["since"] == 1


def test_nothing_is_taken_from_a_connection_that_was_left() -> None:
    conversation = joined()
    conversation.receive(wire.event(2))
    assert conversation.receive(wire.event(1)) == []


def test_an_event_of_another_epoch_is_a_hole() -> None:
    assert left(joined().receive(wire.event(1, epoch="epo_2"))).reconnect


def test_an_event_before_hello_was_answered_is_a_hole() -> None:
    conversation = Conversation()
    conversation.connected()
    assert left(conversation.receive(wire.event(1))).reconnect


def test_unrecovered_means_starting_over_from_the_snapshot() -> None:
    conversation = joined()
    conversation.receive(wire.event(1))
    snapshot = Snapshot(seq=9, messages=())
    effects = reconnected(conversation, wire.hello_ok(9, recovered=False, epoch="epo_2", snapshot=snapshot))
    (emit,) = effects
    assert isinstance(emit, Emit)
    assert isinstance(emit.item, Reset)
    assert emit.item.snapshot.seq == 9
    assert seqs(conversation.receive(wire.event(10, epoch="epo_2"))) == [10]


def test_unrecovered_without_a_snapshot_is_still_no_silent_hole() -> None:
    conversation = joined()
    (emit,) = reconnected(conversation, wire.hello_ok(5, recovered=False))
    assert isinstance(emit, Emit)
    assert isinstance(emit.item, Reset)


def test_another_epoch_that_calls_itself_recovered_is_not_believed() -> None:
    conversation = joined()
    (emit,) = reconnected(conversation, wire.hello_ok(5, epoch="epo_2"))
    assert isinstance(emit, Emit)
    assert isinstance(emit.item, Reset)


def test_a_type_of_event_from_the_future_keeps_its_number() -> None:
    conversation = joined()
    future = wire.event(1).replace("message.created", "poll.opened")
    (emit,) = conversation.receive(future)
    assert isinstance(emit, Emit)
    assert isinstance(emit.item, Event)
    assert isinstance(emit.item.data, Unknown)
    assert seqs(conversation.receive(wire.event(2))) == [2]


@pytest.mark.parametrize(
    "frame", ["", "{", "7", "[7]", "null", '{"type":"message.created","seq":"x"}', '{"id":9}', '{"id":[],"ok":{}}']
)
def test_an_unreadable_frame_ends_the_connection_not_the_room(frame: str) -> None:
    assert left(joined().receive(frame)).reconnect


def test_passing_events_of_unknown_types_are_ignored() -> None:
    assert joined().receive('{"type":"run.recovering","run_id":"r"}') == []


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def say(conversation: Conversation, client_msg_id: str = "m1") -> tuple[int, list[Effect]]:
    return conversation.submit(Command("send", {"client_msg_id": client_msg_id, "text": "hi"}))


def test_a_command_waits_until_hello_was_answered() -> None:
    conversation = Conversation(since=0)
    conversation.connected()
    frame_id, effects = say(conversation)
    assert effects == []
    (transmit,) = conversation.receive(wire.hello_ok())
    assert isinstance(transmit, Transmit)
    assert wire.parsed(transmit.text) == {"id": frame_id, "send": {"client_msg_id": "m1", "text": "hi"}}


def test_an_unanswered_command_is_repeated_word_for_word() -> None:
    conversation = joined()
    _, first = say(conversation)
    assert reconnected(conversation, wire.hello_ok()) == first


def test_an_answered_command_is_not_repeated() -> None:
    conversation = joined()
    frame_id, _ = say(conversation)
    answer = {"seq": 1, "ts": "t", "duplicate": False}
    assert conversation.receive(wire.ok(frame_id, **answer)) == [Answer(frame_id, answer)]
    assert reconnected(conversation, wire.hello_ok()) == []
    assert conversation.receive(wire.ok(frame_id, **answer)) == []


def test_a_forgotten_command_is_not_repeated() -> None:
    conversation = joined()
    frame_id, _ = say(conversation)
    conversation.forget(frame_id)
    assert reconnected(conversation, wire.hello_ok()) == []


def test_a_refusal_answers_and_leaves_the_room_alive() -> None:
    conversation = joined()
    frame_id, _ = say(conversation)
    (answer,) = conversation.receive(wire.refused(frame_id, "too_many_requests", temporary=True, retry_after_ms=700))
    assert isinstance(answer, Answer)
    assert isinstance(answer.answer, CommandRefused)
    assert (answer.answer.code, answer.answer.temporary, answer.answer.retry_after_ms) == (
        "too_many_requests",
        True,
        700,
    )
    assert conversation.live
    assert conversation.retry_after_ms == 700


def test_an_answer_to_an_unreadable_frame_answers_all_that_wait() -> None:
    conversation = joined()
    ids = [say(conversation, f"m{n}")[0] for n in range(2)]
    answers = conversation.receive(wire.refused(None, "invalid_frame"))
    assert [answer.frame_id for answer in answers if isinstance(answer, Answer)] == ids


def test_a_fleeting_command_is_dropped_with_its_connection() -> None:
    conversation = joined()
    frame_id, effects = conversation.submit(Command("typing", {"on": True}, fleeting=True))
    assert len(effects) == 1
    assert conversation.disconnected() == [Answer(frame_id, {})]
    late_id, late = conversation.submit(Command("typing", {"on": False}, fleeting=True))
    assert late == [Answer(late_id, {})]


@pytest.mark.parametrize("text", ["x" * 70_000, "\ud800"])
def test_what_can_never_be_sent_is_refused_here(text: str) -> None:
    with pytest.raises(CommandRefused):
        joined().submit(Command("send", {"client_msg_id": "m", "text": text}))


@pytest.mark.parametrize("temporary", [True, False])
def test_a_refused_hello_comes_back_only_when_that_may_help(temporary: bool) -> None:
    conversation = Conversation()
    conversation.connected()
    leave = left(conversation.receive(wire.refused(1, "unavailable", temporary=temporary, retry_after_ms=900)))
    assert leave.reconnect is temporary
    assert leave.retry_after_ms == 900


def test_bye_says_itself_whether_to_come_back() -> None:
    assert left(joined().receive(wire.bye(4001, "session expired", reconnect=True))).reconnect
    assert left(joined().receive(wire.bye(4503, "removed", reconnect=False))) == Leave(4503, "removed", reconnect=False)


# ── runs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def deltas(effects: list[Effect]) -> list[tuple[int, str]]:
    return [(e.item.offset, e.item.text) for e in effects if isinstance(e, Emit) and isinstance(e.item, RunDelta)]


def test_repeated_and_overlapping_deltas_show_only_what_is_new() -> None:
    conversation = joined()
    conversation.receive(wire.started(1))
    assert deltas(conversation.receive(wire.delta(0, "héllo"))) == [(0, "héllo")]
    assert deltas(conversation.receive(wire.delta(0, "héllo"))) == []
    assert deltas(conversation.receive(wire.delta(3, "lo 👋🏽"))) == [(5, " 👋🏽")]
    assert deltas(conversation.receive(wire.delta(8, "!"))) == [(8, "!")]


def test_interleaved_runs_do_not_mix() -> None:
    conversation = joined()
    other = wire.RUN[:-1] + "1"
    conversation.receive(wire.array(wire.started(1), wire.started(2, other)))
    for frame in (wire.delta(0, "ab"), wire.delta(0, "x", other), wire.delta(2, "c"), wire.delta(1, "y", other)):
        conversation.receive(frame)
    texts = {run_id: run.text for run_id in (wire.RUN, other) if (run := conversation.runs.get(run_id))}
    assert texts == {wire.RUN: "abc", other: "xy"}


def test_a_hole_in_a_run_is_asked_for_once() -> None:
    conversation = joined()
    conversation.receive(wire.array(wire.started(1), wire.delta(0, "ab")))
    assert left(conversation.receive(wire.delta(5, "f"))).reconnect
    conversation.disconnected()
    assert wire.parsed(conversation.connected())["hello"]["runs"] == {wire.RUN: 2}
    conversation.receive(wire.hello_ok(1))
    assert conversation.receive(wire.delta(5, "f")) == []
    assert conversation.live


def test_a_run_that_began_before_joining_is_known() -> None:
    conversation = Conversation()
    conversation.connected()
    active = ActiveRun(run_id=wire.RUN, agent_id="agt_scribe", trigger=3, length=4)
    conversation.receive(wire.hello_ok(4, recovered=False, runs=[active], snapshot=Snapshot(seq=4, messages=())))
    assert deltas(conversation.receive(wire.delta(0, "abcd"))) == [(0, "abcd")]


def test_a_finished_run_is_not_asked_for_again() -> None:
    conversation = joined()
    conversation.receive(wire.array(wire.started(1), wire.delta(0, "ab"), wire.finished(2)))
    conversation.disconnected()
    assert wire.parsed(conversation.connected())["hello"]["runs"] == {}


# ── who is here ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_gap_does_not_undo_what_hello_said() -> None:
    """`hello` tells the members at head; the gap below it repeats how they came about."""
    conversation = Conversation(since=0, epoch=wire.EPOCH)
    conversation.connected()
    conversation.receive(wire.hello_ok(1, members=[wire.ADA]))
    conversation.receive(wire.event(1, MemberJoined(member=wire.BEN)))
    assert conversation.roster is not None
    assert set(conversation.roster.members) == {"usr_ada"}
    conversation.receive(wire.event(2, MemberJoined(member=wire.BEN)))
    assert set(conversation.roster.members) == {"usr_ada", "usr_ben"}


def test_presence_is_shown_and_kept() -> None:
    conversation = joined()
    effects = conversation.receive(WirePresence(user_id="usr_ben", online=True).model_dump_json())
    assert effects == [Emit(Presence("usr_ben", online=True))]
    assert conversation.roster is not None
    assert conversation.roster.online == {"usr_ada", "usr_ben"}


def test_a_message_is_read_as_it_was_written() -> None:
    (emit,) = joined().receive(wire.event(1))
    assert isinstance(emit, Emit)
    assert isinstance(emit.item, Event)
    assert emit.item.data == MessageCreated("message 1")
