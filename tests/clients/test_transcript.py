from parley.cli.transcript import Entry, Transcript
from parley.echoes import Echo
from parley.errors import CommandRefused
from parley.events import Actor as ClientActor
from parley.events import Agent, Item, MessageState, Reset, Snapshot, event_of
from parley.runs import Run
from shared.protocol import (
    AgentAdded,
    EventData,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionChanged,
)
from tests.clients import wire

AGENTS = {wire.SCRIBE.id: Agent(wire.SCRIBE.handle, wire.SCRIBE.id, wire.SCRIBE.name)}
ADA = ClientActor("usr_ada", "user", "Ada")


def event(seq: int, data: EventData, *, run_id: str | None = None) -> Item:
    return event_of(wire.parsed(wire.event(seq, data, run_id=run_id)))


def shown(*items: Item, runs: tuple[Run, ...] = (), echoes: tuple[Echo, ...] = ()) -> list[Entry]:
    transcript = Transcript()
    for item in items:
        transcript.take(item, AGENTS)
    return transcript.entries(runs, echoes, AGENTS)


def test_messages_stand_as_they_are_now() -> None:
    assert shown(
        event(1, MessageCreated(text="Frist")),
        event(2, MessageCreated(text="gone")),
        event(3, MessageEdited(target=1, text="First")),
        event(4, MessageDeleted(target=2)),
        event(5, ReactionChanged(target=1, emoji="+1", on=True)),
        event(6, ReactionChanged(target=9, emoji="+1", on=True)),
    ) == [Entry("1", "person", "Ada", "First", "edited +1 1"), Entry("2", "person", "Ada", "", "deleted")]


def test_a_reaction_taken_back_is_gone() -> None:
    on, off = (ReactionChanged(target=1, emoji="+1", on=on) for on in (True, False))
    (entry,) = shown(event(1, MessageCreated(text="x")), event(2, on), event(3, off))
    assert entry.note == ""


def test_what_is_under_way_comes_last_and_each_thing_once() -> None:
    run = Run(wire.RUN, wire.SCRIBE.id, 1, "Deci")
    choosing = Run("run_2", wire.SCRIBE.id, 1, purpose="select")
    refusal = CommandRefused("conflict", "no such thing", temporary=False)
    asked = event(1, MessageCreated(text="@scribe?"))
    assert shown(asked, runs=(run, choosing), echoes=(Echo("c1", "hi"), Echo("c2", "ho", refusal=refusal))) == [
        Entry("1", "person", "Ada", "@scribe?"),
        Entry(wire.RUN, "live", "Scribe", "Deci"),
        Entry("c1", "pending", "You", "hi", "sending …"),
        Entry("c2", "refused", "You", "ho", "not sent: no such thing"),
    ]
    final = event(2, MessageCreated(text="Decided"), run_id=wire.RUN)
    assert shown(asked, final, runs=(run,))[1:] == [Entry("2", "agent", "Scribe", "Decided")]


def test_what_happens_besides_messages_is_a_notice_at_its_place() -> None:
    entries = shown(
        event(1, MessageCreated(text="a")), event(2, AgentAdded(agent=wire.SCRIBE)), event(3, MessageCreated(text="b"))
    )
    assert [(entry.kind, entry.text) for entry in entries] == [
        ("person", "a"),
        ("notice", "Scribe (@scribe) joined"),
        ("person", "b"),
    ]


def test_a_fresh_start_forgets_what_was_there() -> None:
    old = MessageState(7, "t", ADA, "seven", edited=True)
    assert shown(event(1, MessageCreated(text="old")), Reset(Snapshot(7, (old,)))) == [
        Entry("7", "person", "Ada", "seven", "edited")
    ]


def test_a_long_conversation_keeps_its_end() -> None:
    entries = shown(*(event(seq, MessageCreated(text=str(seq))) for seq in range(1, 600)))
    assert (len(entries), entries[-1].key) == (500, "599")
