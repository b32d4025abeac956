"""A conversation as a screen shows it, made of what a room tells.

Law: pure. One entry a message, notice, run under way or message not stored yet; it keeps its key while it changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from parley.cli.sentences import notice_of, plain
from parley.echoes import Echo
from parley.events import (
    Agent,
    Event,
    Item,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessageState,
    ReactionChanged,
    Reset,
    Snapshot,
)
from parley.runs import Run

Kind = Literal["person", "agent", "notice", "live", "pending", "refused"]
_KEPT: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """`note` stands small beside it: edited, reactions, why it was refused."""

    key: str
    kind: Kind
    who: str
    text: str
    note: str = ""


@dataclass(slots=True)
class Transcript:
    _messages: dict[int, MessageState] = field(default_factory=dict)
    _notices: dict[int, str] = field(default_factory=dict)

    def take(self, item: Item, agents: Mapping[str, Agent]) -> None:
        match item:
            case Reset(snapshot):
                self._restart(snapshot)
            case Event():
                self._event(item, agents)
            case _:
                pass

    def entries(self, runs: Iterable[Run], echoes: Iterable[Echo], agents: Mapping[str, Agent]) -> list[Entry]:
        """In the order in which they stand on the screen: what is under way comes last."""
        stored = [*map(_stored, self._messages.items()), *map(_noticed, self._notices.items())]
        stored.sort(key=lambda entry: int(entry.key))
        # Between its message and its end a run is still under way.
        shown = {message.run_id for message in self._messages.values()}
        live = [_live(run, agents) for run in runs if run.purpose is None and run.run_id not in shown]
        return [*stored, *live, *map(_said, echoes)]

    def _restart(self, snapshot: Snapshot) -> None:
        self._messages = {message.seq: message for message in snapshot.messages}
        self._notices = {}

    def _event(self, event: Event, agents: Mapping[str, Agent]) -> None:
        match event.data:
            case MessageCreated(text=text, reply_to=reply_to):
                made = MessageState(event.seq, event.ts, event.actor, text, reply_to, event.run_id)
                self._messages[event.seq] = made
            case MessageEdited(target, text):
                self._change(target, text=text, edited=True)
            case MessageDeleted(target):
                self._change(target, text="", deleted=True)
            case ReactionChanged():
                self._react(event, event.data)
            case _:
                if (words := notice_of(event, agents)) is not None:
                    self._notices[event.seq] = words
        for seq in sorted(self._messages)[:-_KEPT]:
            del self._messages[seq]
        for seq in sorted(self._notices)[:-_KEPT]:
            del self._notices[seq]

    def _change(self, target: int, **changes: object) -> None:
        if target in self._messages:
            self._messages[target] = replace(self._messages[target], **changes)  # type: ignore[arg-type]

    def _react(self, event: Event, reaction: ReactionChanged) -> None:
        if reaction.target not in self._messages:
            return
        before = self._messages[reaction.target].reactions
        others = tuple(who for who in before.get(reaction.emoji, ()) if who != event.actor.id)
        after = {**before, reaction.emoji: (*others, event.actor.id) if reaction.on else others}
        self._change(reaction.target, reactions={emoji: who for emoji, who in after.items() if who})


def _stored(item: tuple[int, MessageState]) -> Entry:
    seq, message = item
    kind: Kind = "agent" if message.actor.kind == "agent" else "person"
    if message.deleted:
        return Entry(str(seq), kind, plain(message.actor.name), "", "deleted")
    marks = [f"{plain(emoji)} {len(who)}" for emoji, who in message.reactions.items()]
    note = " ".join((["edited"] if message.edited else []) + marks)
    return Entry(str(seq), kind, plain(message.actor.name), plain(message.text), note)


def _noticed(item: tuple[int, str]) -> Entry:
    return Entry(str(item[0]), "notice", "", item[1])


def _live(run: Run, agents: Mapping[str, Agent]) -> Entry:
    name = agents[run.agent_id].name if run.agent_id in agents else "Agent"
    return Entry(run.run_id, "live", plain(name), plain(run.text))


def _said(echo: Echo) -> Entry:
    if echo.refusal is not None:
        return Entry(echo.client_msg_id, "refused", "You", plain(echo.text), f"not sent: {plain(echo.refusal.detail)}")
    return Entry(echo.client_msg_id, "pending", "You", plain(echo.text), "sending …")
