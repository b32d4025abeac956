"""The client mirrors the wire without importing it; these tests hold the mirror up to the server's types."""

from dataclasses import fields
from typing import get_args

import pytest
from pydantic import BaseModel

from parley import events, replies
from parley.events import EventData, Unknown, event_of
from shared import protocol
from shared import replies as wire_replies
from tests.clients import wire

MIRRORED: list[tuple[type[BaseModel], type]] = [
    (protocol.Actor, events.Actor),
    (protocol.Member, events.Member),
    (protocol.Agent, events.Agent),
    (protocol.Mention, events.Mention),
    (protocol.Usage, events.Usage),
    (protocol.TurnSettings, events.TurnSettings),
    (protocol.Event, events.Event),
    (wire_replies.MessageState, events.MessageState),
    (wire_replies.Snapshot, events.Snapshot),
    (wire_replies.HelloOk, replies.HelloOk),
    (wire_replies.ActiveRun, replies.ActiveRun),
    (wire_replies.GroupInfo, replies.GroupInfo),
    (wire_replies.SendOk, replies.Sent),
    (wire_replies.HistoryOk, replies.Page),
    (wire_replies.MembersOk, replies.Roll),
]


@pytest.mark.parametrize(("theirs", "ours"), MIRRORED)
def test_client_and_server_know_the_same_members(theirs: type[BaseModel], ours: type) -> None:
    assert {field.name for field in fields(ours)} == set(theirs.model_fields)


@pytest.mark.parametrize(("theirs", "name"), protocol.EVENT_TYPES.items())
def test_every_event_of_the_server_is_known_here(theirs: type[BaseModel], name: str) -> None:
    known = {kind.__name__: kind for kind in get_args(EventData)}
    ours = known[theirs.__name__.removesuffix("Data")]
    assert {field.name for field in fields(ours)} == set(theirs.model_fields), name


EXAMPLES: list[protocol.EventData] = [
    protocol.MessageCreated(text="hi", mentions=(protocol.Mention(id="agt", kind="agent"),), reply_to=3),
    protocol.MessageEdited(target=1, text="ho"),
    protocol.MessageDeleted(target=1),
    protocol.ReactionChanged(emoji="👍", on=True, target=1),
    protocol.MemberJoined(member=wire.BEN),
    protocol.MemberLeft(member=wire.BEN),
    protocol.MemberRoleChanged(member=wire.BEN),
    protocol.MemberRenamed(member=wire.BEN),
    protocol.MemberErased(user_id=wire.BEN.id),
    protocol.AgentAdded(agent=wire.SCRIBE),
    protocol.AgentRemoved(agent=wire.SCRIBE),
    protocol.AgentChanged(agent=wire.SCRIBE),
    protocol.ReadMoved(position=4),
    protocol.RunStarted(agent_id="a", run_id="r", trigger=2),
    protocol.RunFinished(agent_id="a", run_id="r", outcome="limit", usage=protocol.Usage(input_tokens=9), error="e"),
    protocol.ApprovalRequested(
        **dict.fromkeys(("agent_id", "approval_id", "args", "args_digest", "expires_at", "run_id", "tool"), "x"),
        approvers=("ada",),
    ),
    protocol.ApprovalResolved(approval_id="a", outcome="denied", run_id="r", reason="no"),
    protocol.LoopPaused(agent_ids=("a",), limit="turns", trigger=4),
    protocol.SelectorFailed(agent_id="a", reason="silence", trigger=4),
    protocol.GroupUpdated(title="t", turns=protocol.TurnSettings(turn_policy="all")),
    protocol.GroupArchivedData(reason="done"),
    protocol.GroupRestored(reason="again"),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(example) for example in EXAMPLES} == set(protocol.EVENT_TYPES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_an_event_is_read_as_it_was_written(example: protocol.EventData) -> None:
    event = event_of(wire.parsed(wire.event(1, example)))
    assert not isinstance(event.data, Unknown)
    for name, value in example.model_dump().items():
        if isinstance(value, str | int | None):
            assert getattr(event.data, name) == value
