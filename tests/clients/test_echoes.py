from collections.abc import Sequence

from parley.conversation import Conversation
from parley.echoes import Echo
from parley.errors import CommandRefused
from shared.protocol import MessageCreated
from shared.replies import Snapshot
from tests.clients import wire

REFUSAL = CommandRefused("conflict", "no", temporary=False)


def room(*said: str) -> Conversation:
    conversation = Conversation(since=0, epoch=wire.EPOCH)
    conversation.connected()
    conversation.receive(wire.hello_ok(0))
    for client_msg_id in said:
        conversation.echoes.said(Echo(client_msg_id, "hello"))
    return conversation


def shown(conversation: Conversation) -> Sequence[tuple[str, int | None]]:
    return [(echo.client_msg_id, echo.seq) for echo in conversation.echoes]


def created(seq: int, client_msg_id: str) -> str:
    return wire.event(seq, MessageCreated(text="hello", client_msg_id=client_msg_id))


def test_what_was_said_is_shown_until_its_event_arrives() -> None:
    conversation = room("c1", "c2")
    conversation.echoes.stored("c1", 1, position=0)
    assert shown(conversation) == [("c1", 1), ("c2", None)]
    conversation.receive(created(1, "c1"))
    assert shown(conversation) == [("c2", None)]


def test_an_event_that_overtakes_its_acknowledgement_ends_the_echo_for_good() -> None:
    conversation = room("c1")
    conversation.receive(created(1, "c1"))
    conversation.echoes.stored("c1", 1, position=1)
    assert shown(conversation) == []


def test_a_message_stored_long_ago_is_not_shown_again() -> None:
    conversation = room("c1")
    conversation.echoes.stored("c1", 3, position=7)
    assert shown(conversation) == []


def test_somebody_elses_message_under_the_same_id_is_another_message() -> None:
    conversation = room("c1")
    conversation.receive(created(1, "c1").replace("usr_ada", "usr_ben"))
    assert shown(conversation) == [("c1", None)]


def test_a_fresh_start_takes_what_its_snapshot_holds() -> None:
    conversation = room("c1", "c2")
    conversation.echoes.stored("c1", 4, position=0)
    conversation.disconnected()
    conversation.connected()
    conversation.receive(wire.hello_ok(5, recovered=False, epoch="epo_2", snapshot=Snapshot(seq=5, messages=())))
    assert shown(conversation) == [("c2", None)]


def test_a_refused_message_stays_until_it_is_forgotten() -> None:
    conversation = room("c1")
    conversation.echoes.refused("c1", REFUSAL)
    assert [echo.refusal for echo in conversation.echoes] == [REFUSAL]
    conversation.echoes.forget("c1")
    assert shown(conversation) == []
