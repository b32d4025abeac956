import pytest

from parley.decode import decode
from parley.errors import Undecodable
from parley.events import MessageState, Snapshot
from parley.replies import Sent


def test_members_that_a_newer_server_adds_are_ignored() -> None:
    assert decode(Sent, {"seq": 1, "ts": "t", "duplicate": False, "mood": "good"}) == Sent(1, "t", duplicate=False)


@pytest.mark.parametrize(
    "value",
    [None, [], "x", {}, {"seq": "1", "ts": "t", "duplicate": False}, {"seq": True, "ts": "t", "duplicate": False}],
)
def test_what_is_missing_or_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(Undecodable):
        decode(Sent, value)


def test_nested_values_become_their_own_types() -> None:
    actor = {"id": "u", "kind": "user", "name": "Ada"}
    message = {"seq": 3, "ts": "t", "actor": actor, "text": "hi", "reply_to": None, "reactions": {"👍": ["u", "v"]}}
    snapshot = decode(Snapshot, {"seq": 3, "messages": [message]})
    (state,) = snapshot.messages
    assert isinstance(state, MessageState)
    assert state.actor.name == "Ada"
    assert state.reactions == {"👍": ("u", "v")}
