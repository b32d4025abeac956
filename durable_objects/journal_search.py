"""The SQL of searching a group's messages.

Law: as in `journal`. The index is kept by triggers (`schema`), so that no way of writing a message can forget it, and
in batches; a search first brings it up to date. It holds no text of its own.
"""

from dataclasses import dataclass

from durable_objects.run_journal import Execute
from shared.ports import SqlValue


@dataclass(frozen=True)
class Found:
    """A message that matches: its created event, its text where that was edited, and the text with marks in it."""

    body: str
    edited: str | None
    marked: str


class MessageIndex:
    """Deleted messages are not in it, edited ones are with their latest text."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def catch_up(self) -> None:
        """Takes in what was said since the last batch: fewer messages than a batch has."""
        self._execute(
            """INSERT INTO message_index (rowid, text)
               SELECT seq, text FROM message_texts WHERE seq > (SELECT seq FROM indexed)"""
        )
        self._execute("UPDATE indexed SET seq = (SELECT coalesce(max(seq), 0) FROM events)")

    def find(self, expression: str, marks: tuple[str, str], seqs: range, limit: int) -> list[Found]:
        """The newest `limit` messages within `seqs` that match an FTS5 expression, the newest first."""
        self.catch_up()
        rows = self._execute(
            """SELECT events.body, revisions.text, highlight(message_index, 0, ?, ?)
               FROM message_index JOIN events ON events.seq = message_index.rowid
               LEFT JOIN revisions ON revisions.seq = events.seq
               WHERE message_index MATCH ? AND message_index.rowid >= ? AND message_index.rowid < ?
               ORDER BY message_index.rowid DESC LIMIT ?""",
            *marks,
            expression,
            seqs.start,
            seqs.stop,
            limit,
        )
        return [_found(row) for row in rows]

    def best(self, expression: str, first_seq: int, limit: int) -> list[Found]:
        """The `limit` messages from `first_seq` on that match best, by BM25."""
        self.catch_up()
        rows = self._execute(
            """SELECT events.body, revisions.text, ''
               FROM message_index JOIN events ON events.seq = message_index.rowid
               LEFT JOIN revisions ON revisions.seq = events.seq
               WHERE message_index MATCH ? AND message_index.rowid >= ? ORDER BY message_index.rank LIMIT ?""",
            expression,
            first_seq,
            limit,
        )
        return [_found(row) for row in rows]


def _found(row: list[SqlValue]) -> Found:
    body, text, marked = row
    return Found(str(body), None if text is None else str(text), str(marked))
