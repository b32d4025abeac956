import pytest

from parley.cli.sentences import line_of, plain
from parley.events import Agent, event_of
from shared.protocol import (
    EVENT_TYPES,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    ApprovalRequested,
    ApprovalResolved,
    EventData,
    GroupArchivedData,
    GroupRestored,
    GroupUpdated,
    LoopPaused,
    MemberErased,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRoleChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionChanged,
    ReadMoved,
    RunFinished,
    RunStarted,
    SelectorFailed,
    Usage,
)
from tests.clients import wire

AGENT = wire.SCRIBE.id
AGENTS = {AGENT: Agent("scribe", AGENT, "Scribe")}
ASKED = ApprovalRequested(
    agent_id=AGENT,
    approval_id="apr_1",
    approvers=("usr_ada",),
    args='{"bowls":40}',
    args_digest="0",
    expires_at="t",
    run_id=wire.RUN,
    tool="order",
)
SENTENCES: list[tuple[EventData, str | None]] = [
    (MessageCreated(text="one\ntwo"), "   #7  Ada  one\n         two"),
    (MessageEdited(target=3, text="new"), "   #7  ·  Ada changed #3 to: new"),
    (MessageDeleted(target=3), "   #7  ·  Ada deleted #3"),
    (ReactionChanged(target=3, emoji="♥", on=True), "   #7  ·  Ada reacts to #3 with ♥"),
    (ReactionChanged(target=3, emoji="♥", on=False), "   #7  ·  Ada no longer reacts to #3 with ♥"),
    (MemberJoined(member=wire.BEN), "   #7  ·  Ben joined"),
    (MemberLeft(member=wire.BEN), "   #7  ·  Ben left"),
    (MemberRoleChanged(member=wire.BEN), "   #7  ·  Ben is now member"),
    (MemberRenamed(member=wire.BEN), "   #7  ·  Ben has a new name"),
    (MemberErased(user_id=wire.BEN.id), "   #7  ·  Somebody's messages and name were erased"),
    (AgentAdded(agent=wire.SCRIBE), "   #7  ·  Scribe (@scribe) joined"),
    (AgentRemoved(agent=wire.SCRIBE), "   #7  ·  Scribe (@scribe) left"),
    (AgentChanged(agent=wire.SCRIBE), "   #7  ·  Scribe (@scribe) was changed"),
    (ReadMoved(position=3), None),
    (RunStarted(agent_id=AGENT, run_id=wire.RUN, trigger=3), None),
    (RunFinished(agent_id=AGENT, outcome="success", run_id=wire.RUN, usage=Usage()), None),
    (RunFinished(agent_id=AGENT, outcome="error", run_id=wire.RUN, usage=Usage()), "   #7  ·  Scribe could not answer"),
    (ASKED, '   #7  ·  Scribe asks to use order with {"bowls":40}'),
    (
        ApprovalResolved(approval_id="apr_1", outcome="denied", reason="too dear", run_id=wire.RUN),
        "   #7  ·  The question is decided: denied (too dear)",
    ),
    (
        LoopPaused(agent_ids=(AGENT,), limit="turns", trigger=3),
        "   #7  ·  Scribe would go on; say something to let them",
    ),
    (
        SelectorFailed(reason="nobody", trigger=3),
        "   #7  ·  Nobody answers #3: the selector did not name anybody who could",
    ),
    (GroupUpdated(title="New"), "   #7  ·  Ada changed the group, “New”"),
    (GroupArchivedData(reason="done"), "   #7  ·  Ada archived the group: done"),
    (GroupRestored(reason="again"), "   #7  ·  Ada brought the group back: again"),
]


@pytest.mark.parametrize(("data", "expected"), SENTENCES, ids=lambda value: type(value).__name__)
def test_an_event_is_a_line_or_nothing(data: EventData, expected: str | None) -> None:
    assert line_of(event_of(wire.parsed(wire.event(7, data))), AGENTS) == expected


def test_every_type_of_event_was_thought_of() -> None:
    assert {type(data) for data, _ in SENTENCES} == set(EVENT_TYPES)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\x9b31m", "a\rb", "\u202egnp.exe", "\u2066x"])
def test_no_character_of_others_steers_the_terminal(hostile: str) -> None:
    assert not set("\x1b\x07\x9b\r\u202e\u2066") & set(plain(hostile))


def test_what_people_write_stays_as_it_is() -> None:
    for text in ("«Pflaumenkuchen» 🍰 👩‍🚀", "two\nlines\tand a tab", "שלום"):
        assert plain(text) == text
