"""The SQL of what one person said: reading it out, and rewriting it without its words.

Law: as in `journal`. An event's place, number and type stay; only its text is ever written anew.
"""

from collections.abc import Iterator
from typing import Final

from durable_objects.run_journal import Execute, integer

PAGE_EVENTS: Final = 200
# Whose event it is, as `sealing.subject_of` has it, and whether its words are still there.
_UNSEALED: Final = """coalesce(json_extract(body, '$.data.member.id'), json_extract(body, '$.actor.id')) = ?
                      AND json_extract(body, '$.digests') IS NULL"""


class PeopleJournal:
    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def authored(self, user_id: str, after: int, limit: int) -> list[tuple[int, str, bool, str | None]]:
        """Messages above `after`: seq, created event, whether revised, revised text.

        By their seqs (`+`): the index over senders would be read and sorted anew for each page.
        """
        rows = self._execute(
            """SELECT events.seq, events.body, revisions.seq IS NOT NULL, revisions.text
               FROM events LEFT JOIN revisions ON revisions.seq = events.seq
               WHERE events.seq > ? AND events.type = 'message.created' AND +events.sender = ?
               ORDER BY events.seq LIMIT ?""",
            after,
            user_id,
            limit,
        )
        return [
            (integer(seq), str(body), bool(revised), None if text is None else str(text))
            for seq, body, revised, text in rows
        ]

    def unsealed(self, user_id: str) -> Iterator[tuple[int, str, str]]:
        """Seq, type and text of this person's events that have words, a page at a time."""
        after = 0
        while rows := self._execute(
            f"SELECT seq, type, body FROM events WHERE seq > ? AND {_UNSEALED} ORDER BY seq LIMIT ?",  # noqa: S608 -- a constant
            after,
            user_id,
            PAGE_EVENTS,
        ):
            yield from ((integer(seq), str(kind), str(body)) for seq, kind, body in rows)
            after = integer(rows[-1][0])

    def rewrite(self, seq: int, body: str) -> None:
        """The digest of the command goes as well: with it one could try out what it said."""
        self._execute("UPDATE events SET body = ?, digest = NULL WHERE seq = ?", body, seq)

    def take_back_messages(self, user_id: str) -> None:
        """As if deleted, edited or not. Comes before `rewrite`: the search's index forgets a text only by that text."""
        self._execute(
            """INSERT INTO revisions (seq, text)
               SELECT seq, NULL FROM events WHERE type = 'message.created' AND sender = ?
               ON CONFLICT DO UPDATE SET text = NULL""",
            user_id,
        )

    def compact_index(self) -> None:
        """Of what is deleted FTS5 keeps the words in its segments until these are merged."""
        self._execute("INSERT INTO message_index (message_index) VALUES ('optimize')")

    def destroy_seal(self, subject: str) -> None:
        self._execute("DELETE FROM seals WHERE subject = ?", subject)
