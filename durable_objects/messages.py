"""What people say: send, edit, delete, react, read, and the reading of it.

Law: every rule checks first and writes last; what is shown is the text that was stored. No sockets, no runs.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from durable_objects.calls import AuthoredPage
from durable_objects.joining import fitting
from durable_objects.journal import Sent, event_data
from durable_objects.room import Room
from durable_objects.turns import all_mentions
from shared.errors import Conflict, Forbidden, InvalidBody, NotFound, ParleyError
from shared.protocol import (
    Actor,
    Delete,
    Edit,
    History,
    Mention,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    React,
    ReactionChanged,
    Read,
    ReadMoved,
    Send,
)
from shared.replies import HistoryOk, MessageState, SendOk, Snapshot

SNAPSHOT_MESSAGES: Final = 50


@dataclass(frozen=True)
class Said:
    """A message that is in the log: the reply to its sender, and the event's text when it is new."""

    posted: SendOk
    body: str | None
    mentions: tuple[Mention, ...] = ()


class Messages:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._journal = room.journal

    def send(self, user_id: str, command: Send) -> Said:
        """Raises Conflict, Forbidden, GroupArchiving, GroupArchived, InvalidBody."""
        person = self._room.person(user_id)
        digest = hashlib.sha256(command.json_bytes()).hexdigest()
        try:
            self._check_sayable(user_id, command)
        except ParleyError:
            # A message that is in the log is answered as before, also where it could not be said any more.
            before = self._said_before(user_id, command, digest)
            if before is not None:
                return before
            raise
        mentions = all_mentions(command.text, command.mentions, self._room.agents)
        created = MessageCreated(
            client_msg_id=command.client_msg_id, mentions=mentions, reply_to=command.reply_to, text=command.text
        )
        appended = self._room.append_sent(created, person, command.client_msg_id, digest)
        if appended is not None:
            event, body = appended
            self._room.count("message", "user")
            return Said(SendOk(seq=event.seq, ts=event.ts, duplicate=False), body, mentions)
        before = self._said_before(user_id, command, digest)
        if before is None:
            raise LookupError("a message that is in the log is not there")
        return before

    def _check_sayable(self, user_id: str, command: Send) -> None:
        self._room.check_writable()
        self._check_mentions(command.mentions)
        if command.reply_to is not None:
            self._message(user_id, command.reply_to)

    def _said_before(self, user_id: str, command: Send, digest: str) -> Said | None:
        """Raises Conflict when the id was used for another message."""
        before = self._journal.sent(user_id, command.client_msg_id)
        if before is None:
            return None
        if not _same(before, digest, command):
            raise Conflict("This client_msg_id was already used for another message")
        return Said(SendOk(seq=before.seq, ts=str(event_data(before.body)["ts"]), duplicate=True), None)

    def edit(self, user_id: str, command: Edit) -> tuple[int, str]:
        """Seq and text of the event. Raises Forbidden, NotFound."""
        person = self._own(user_id, command.seq, or_owner=False)
        self._journal.revise(command.seq, command.text)
        event, body = self._room.append(
            MessageEdited(target=command.seq, text=command.text), person, causation=command.seq
        )
        return event.seq, body

    def delete(self, user_id: str, command: Delete) -> tuple[int, str] | None:
        """None when it is deleted already, as a client asks again that missed the reply. Raises Forbidden, NotFound."""
        if self._journal.is_deleted(command.seq):
            self._room.person(user_id)
            return None
        person = self._own(user_id, command.seq, or_owner=True)
        self._journal.revise(command.seq, None)
        event, body = self._room.append(MessageDeleted(target=command.seq), person, causation=command.seq)
        return event.seq, body

    def react(self, user_id: str, command: React) -> tuple[int, str] | None:
        """None when nothing changed. Raises NotFound."""
        person = self._room.person(user_id)
        self._room.check_writable()
        self._message(user_id, command.seq)
        if not self._journal.set_reaction(command.seq, command.emoji, user_id, on=command.on):
            return None
        changed = ReactionChanged(target=command.seq, emoji=command.emoji, on=command.on)
        event, body = self._room.append(changed, person, causation=command.seq)
        return event.seq, body

    def read(self, user_id: str, command: Read) -> tuple[int, str] | None:
        """None when the marker did not move forward. Raises InvalidBody."""
        person = self._room.person(user_id)
        self._room.check_writable()
        if command.seq > self._room.head:
            raise InvalidBody("read: seq is beyond the end of the group")
        if not self._journal.move_read(user_id, command.seq):
            return None
        event, body = self._room.append(ReadMoved(position=command.seq), person)
        return event.seq, body

    def history(self, user_id: str, query: History) -> HistoryOk:
        """A page of what this person may see. Raises InvalidBody when both directions are asked for."""
        if query.before is not None and query.after is not None:
            raise InvalidBody("history: give 'before' or 'after', not both")
        first_seq = self._room.first_seq(user_id)
        if query.after is not None:
            events = self._journal.after(max(query.after, first_seq - 1), query.limit + 1)
            count = fitting(events[: query.limit]) if events else 0
            return HistoryOk(events=tuple(events[:count]), more=len(events) > count)
        events = self._journal.before(query.before or self._room.head + 1, first_seq, query.limit + 1)
        count = fitting(events[: -query.limit - 1 : -1]) if events else 0
        return HistoryOk(events=tuple(events[len(events) - count :]), more=len(events) > count)

    def snapshot(self, user_id: str) -> Snapshot:
        """The newest messages that this person may see, as they stand."""
        states = self.states(self._room.first_seq(user_id), SNAPSHOT_MESSAGES)
        count = fitting([state.model_dump_json() for state in reversed(states)])
        return Snapshot(seq=self._room.head, messages=tuple(states[len(states) - count :]))

    def states(self, first_seq: int, limit: int) -> list[MessageState]:
        """The newest `limit` messages from `first_seq` on, as they stand."""
        rows = self._journal.messages(first_seq, limit)
        created = [(event_data(body), revised, text) for body, revised, text in rows]
        reactions = self._journal.reactions(int(str(created[0][0]["seq"]))) if created else {}
        return [_state(event, revised, text, reactions) for event, revised, text in created]

    def authored(self, user_id: str, after: int, limit: int) -> AuthoredPage:
        """A page of what this person said, as it stands."""
        rows = self._journal.people.authored(user_id, after, limit + 1)
        reactions = self._journal.reactions(rows[0][0]) if rows else {}
        states = [_state(event_data(body), revised, text, reactions) for _, body, revised, text in rows[:limit]]
        return AuthoredPage(messages=tuple(states), more=len(rows) > limit)

    def _check_mentions(self, mentions: Iterable[Mention]) -> None:
        for mention in mentions:
            present = self._room.agents if mention.kind == "agent" else self._room.members
            if mention.id not in present:
                raise InvalidBody(f"mentions: no such {mention.kind} in this group")

    def _message(self, user_id: str, seq: int) -> Actor:
        """Who wrote the message at `seq`. Raises NotFound when this person sees none there, or none any more."""
        found = self._journal.event(seq) if seq >= self._room.first_seq(user_id) else None
        if found is None or found[0] != "message.created" or self._journal.is_deleted(seq):
            raise NotFound("There is no such message")
        return Actor.model_validate(event_data(found[1])["actor"])

    def _own(self, user_id: str, seq: int, *, or_owner: bool) -> Actor:
        person = self._room.person(user_id)
        self._room.check_writable()
        author = self._message(user_id, seq)
        if author.id != user_id and not (or_owner and self._room.member(user_id).role == "owner"):
            raise Forbidden("This message is not yours")
        return person


def _same(before: Sent, digest: str, command: Send) -> bool:
    """Whether this is what was sent under that id. Of what came back from an archive only the text can be compared."""
    if before.digest is not None:
        return before.digest == digest
    data = MessageCreated.model_validate(event_data(before.body)["data"], strict=False)
    return (data.text, data.reply_to) == (command.text, command.reply_to)


def _state(
    event: dict[str, object], revised: bool, text: str | None, reactions: dict[int, dict[str, list[str]]]
) -> MessageState:
    data = MessageCreated.model_validate(event["data"], strict=False)
    seq = int(str(event["seq"]))
    deleted = revised and text is None
    run_id = event.get("run_id")
    return MessageState(
        seq=seq,
        ts=str(event["ts"]),
        actor=Actor.model_validate(event["actor"]),
        text="" if deleted else text if revised and text is not None else data.text,
        reply_to=data.reply_to,
        run_id=str(run_id) if run_id is not None else None,
        edited=revised and not deleted,
        deleted=deleted,
        reactions={} if deleted else {emoji: tuple(users) for emoji, users in reactions.get(seq, {}).items()},
    )
