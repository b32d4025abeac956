"""One person's words taken out of a group's log.

Law: their events are stored sealed and their key is destroyed, in one step, so that the chain is what it was and nobody
can try out the words. What lies in the bucket is rewritten behind that: it is owed, in the journal, until it is done.
Asking twice is the same as asking once.
"""

import json
from collections.abc import Callable
from typing import Final

from durable_objects.calls import ErasePerson
from durable_objects.effects import Effect, TellAll
from durable_objects.room import Room
from durable_objects.sealing import sealed
from durable_objects.turn_taking import TurnTaking
from shared.protocol import SYSTEM, MemberErased

NAMELESS: Final = "Erased"
"""In place of a reason that was theirs, where something has to stand."""
_OWED, _UNSAID = "rewriting", "erased_unsaid"


class Erasure:
    """`new_key` gives 32 random bytes in hex."""

    def __init__(self, room: Room, turns: TurnTaking, new_key: Callable[[], str]) -> None:
        self._room = room
        self._turns = turns
        self._new_key = new_key

    def erase(self, call: ErasePerson) -> list[Effect]:
        """An agent that is speaking may have been told their words: it is stopped."""
        room = self._room
        if room.status in ("unopened", "deleting"):
            return []
        effects = self._turns.cancel_all() if room.status == "active" and self._has_words(call.user_id) else []
        if not self._seal(call.user_id):
            return effects
        room.forget_name(call.user_id)
        if room.status != "active" or room.was_archived():
            room.journal.keep(_OWED, room.make_id("arc"))
        return [*effects, *self._say(call)]

    def _has_words(self, user_id: str) -> bool:
        return next(self._room.journal.people.unsealed(user_id), None) is not None

    def _seal(self, user_id: str) -> bool:
        """Whether there was anything left to seal."""
        journal, found = self._room.journal, False
        journal.people.take_back_messages(user_id)
        for seq, kind, body in journal.people.unsealed(user_id):
            journal.people.rewrite(seq, sealed(body, self._key_of))
            if kind == "group.archived":
                journal.keep("archive_reason", NAMELESS)
            found = True
        if found:
            journal.people.compact_index()
        journal.people.destroy_seal(user_id)
        return found

    def _key_of(self, subject: str) -> bytes:
        return bytes.fromhex(self._room.journal.seal_key(subject, self._new_key))

    def _say(self, call: ErasePerson) -> list[Effect]:
        """A log that is archived grows no more: it says so once it is restored."""
        if self._room.status == "active":
            _, body = self._room.append(MemberErased(user_id=call.user_id), call.by)
            return [TellAll(body)]
        self._room.journal.keep(_UNSAID, json.dumps([*_unsaid(self._room), call.user_id]))
        return []


def say_what_was_erased(room: Room) -> None:
    """The events of erasures that came while the group was archived."""
    for user_id in _unsaid(room):
        room.append(MemberErased(user_id=user_id), SYSTEM)
    room.journal.forget(_UNSAID)


def _unsaid(room: Room) -> list[str]:
    return [str(user_id) for user_id in json.loads(room.journal.facts().get(_UNSAID, "[]"))]


def owed_rewriting(room: Room) -> str | None:
    """The mark of the archive that is to replace all those in the bucket, which may hold erased words."""
    return room.journal.facts().get(_OWED) if room.status in ("active", "archived") else None


def end_rewriting(room: Room, mark: str) -> None:
    """Unless another person was erased meanwhile."""
    if room.journal.facts().get(_OWED) == mark:
        room.journal.forget(_OWED)
