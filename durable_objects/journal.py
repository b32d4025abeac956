"""All SQL of one Group Controller, but for that of its runs (`run_journal`).

Law: statements live here and only here; no rule does. Every method is synchronous and reads or writes at once, so
that a happening is handled in one step of the object.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from durable_objects.journal_people import PeopleJournal
from durable_objects.journal_search import MessageIndex
from durable_objects.run_journal import RunJournal, integer
from durable_objects.schema import STEPS
from shared.ports import Sql
from shared.protocol import Event

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """What a (sender, client_msg_id) pair was already used for."""

    seq: int
    body: str
    digest: str | None
    """None for an event that was read back from an archive."""


_OWN_TABLES = "type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '!_cf%' ESCAPE '!'"


class Journal:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._execute = sql.execute
        self._facts: dict[str, str] | None = None
        self.message_index = MessageIndex(sql.execute)
        self.people = PeopleJournal(sql.execute)
        self._migrate()
        self.runs = RunJournal(sql.execute)

    def atomically(self, work: Callable[[], T]) -> T:
        try:
            return self._sql.transaction(work)
        except Exception:
            self._facts = None
            raise

    def _migrate(self) -> None:
        self._execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        version = integer(self._execute("SELECT coalesce(max(version), 0) FROM schema_version")[0][0])
        for number, statements in enumerate(STEPS[version:], version + 1):
            self._sql.transaction(lambda n=number, s=statements: self._step(n, s))  # type: ignore[misc]

    def _step(self, number: int, statements: Sequence[str]) -> None:
        for statement in statements:
            self._execute(statement)
        self._execute("INSERT INTO schema_version (version) VALUES (?)", number)

    def empty(self) -> None:
        """Forgets everything: what is left is what a new object starts with.

        A view goes before what it is made from, a virtual table takes its own tables with it; `_cf…` is the platform's.
        """
        for kind, which in (("VIEW", "type = 'view'"), ("TABLE", "sql LIKE 'CREATE VIRTUAL%'"), ("TABLE", _OWN_TABLES)):
            for (name,) in self._execute(f"SELECT name FROM sqlite_master WHERE {which}"):  # noqa: S608 -- constants
                self._execute(f'DROP {kind} "{name}"')
        self._facts = None
        self._migrate()

    # ── meta ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def facts(self) -> dict[str, str]:
        """Read once, since every message asks; what is written goes to both places."""
        if self._facts is None:
            self._facts = {str(key): str(value) for key, value in self._execute("SELECT key, value FROM meta")}
        return self._facts

    def fact(self, key: str) -> str | None:
        return self.facts().get(key)

    def keep(self, key: str, value: str) -> None:
        self._sql.run(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value
        )
        self.facts()[key] = value

    def forget(self, key: str) -> None:
        self._sql.run("DELETE FROM meta WHERE key = ?", key)
        self.facts().pop(key, None)

    # ── the log ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def head(self) -> int:
        return integer(self._execute("SELECT coalesce(max(seq), 0) FROM events")[0][0])

    def append(self, event: Event, body: str) -> None:
        self._sql.run("INSERT INTO events (seq, type, body) VALUES (?, ?, ?)", event.seq, event.type, body)

    def append_sent(self, event: Event, body: str, client_msg_id: str, digest: str) -> bool:
        """False when its sender has called another event so before; then nothing is written."""
        return self._sql.run(
            """INSERT INTO events (seq, type, body, sender, client_msg_id, digest) VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT (sender, client_msg_id) WHERE client_msg_id IS NOT NULL DO NOTHING""",
            event.seq,
            event.type,
            body,
            event.actor.id,
            client_msg_id,
            digest,
        )

    def put_back(self, seq: int, kind: str, body: str, sender: str | None, client_msg_id: str | None) -> None:
        """An event that was archived. What its sender's whole command was like is not known any more."""
        self._execute(
            "INSERT INTO events (seq, type, body, sender, client_msg_id) VALUES (?, ?, ?, ?, ?)",
            seq,
            kind,
            body,
            sender,
            client_msg_id,
        )

    def sent(self, sender: str, client_msg_id: str) -> Sent | None:
        rows = self._execute(
            "SELECT seq, body, digest FROM events WHERE sender = ? AND client_msg_id = ?", sender, client_msg_id
        )
        if not rows:
            return None
        seq, body, digest = rows[0]
        return Sent(integer(seq), str(body), None if digest is None else str(digest))

    def event(self, seq: int) -> tuple[str, str] | None:
        """Type and text of one event."""
        rows = self._execute("SELECT type, body FROM events WHERE seq = ?", seq)
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def after(self, seq: int, limit: int) -> list[str]:
        rows = self._execute("SELECT body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
        return [str(body) for (body,) in rows]

    def of_types(self, after: int, kinds: Sequence[str], limit: int) -> list[tuple[int, str]]:
        """The first events of these types above `after`: number and text."""
        rows = self._execute(
            """SELECT seq, body FROM events WHERE seq > ? AND type IN (SELECT value FROM json_each(?))
               ORDER BY seq LIMIT ?""",
            after,
            json.dumps(kinds),
            limit,
        )
        return [(integer(seq), str(body)) for seq, body in rows]

    def before(self, seq: int, first_seq: int, limit: int) -> list[str]:
        """The `limit` events below `seq` and from `first_seq` on, oldest first."""
        rows = self._execute(
            "SELECT body FROM events WHERE seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?", seq, first_seq, limit
        )
        return [str(body) for (body,) in reversed(rows)]

    def pages(self, after: int, size: int) -> Iterator[list[str]]:
        """All events above `after`, a page at a time."""
        while page := self.after(after, size):
            yield page
            after += len(page)

    # ── messages as they stand ──────────────────────────────────────────────────────────────────────────────────────

    def messages(self, first_seq: int, limit: int) -> list[tuple[str, bool, str | None]]:
        """The newest `limit` messages from `first_seq` on: created event, whether revised, revised text."""
        rows = self._execute(
            """SELECT events.body, revisions.seq IS NOT NULL, revisions.text
               FROM events LEFT JOIN revisions USING (seq)
               WHERE events.type = 'message.created' AND events.seq >= ? ORDER BY events.seq DESC LIMIT ?""",
            first_seq,
            limit,
        )
        return [
            (str(body), bool(revised), None if text is None else str(text)) for body, revised, text in reversed(rows)
        ]

    def transcript(self, first_seq: int, trigger: int, limit: int, chars: int) -> str:
        """The newest `limit` messages from `first_seq` on as they stand, a JSON array of `agent_api.TurnMessage`: that
        at `trigger`, and of the others the latest without a gap, as long as all texts have at most so many characters.

        Made by SQLite, which takes a fifth of the time that Python would. A text stays in JSON all the way: as one of
        SQLite's own it would end at a NUL.
        """
        rows = self._execute(
            """WITH newest AS (
                 SELECT events.seq, events.body, CASE WHEN revisions.seq IS NULL THEN events.body -> '$.data.text'
                   WHEN revisions.text IS NOT NULL THEN json_quote(revisions.text) END AS text
                 FROM events LEFT JOIN revisions USING (seq)
                 WHERE events.type = 'message.created' AND events.seq >= ?1 ORDER BY events.seq DESC LIMIT ?2),
               sized AS (SELECT *, length(text) - 2 AS size FROM newest WHERE text IS NOT NULL),
               summed AS (SELECT *, sum(iif(seq = ?3, 0, size)) OVER (ORDER BY seq DESC) AS so_far FROM sized)
               SELECT json_group_array(json(message)) FROM (
                 SELECT json_object('seq', seq, 'ts', json_extract(body, '$.ts'),
                   'sender', json_extract(body, '$.actor'), 'text', json(text),
                   'reply_to', json_extract(body, '$.data.reply_to')) AS message
                 FROM summed WHERE seq = ?3 OR so_far <= ?4 - coalesce((SELECT size FROM sized WHERE seq = ?3), 0)
                 ORDER BY seq)""",
            first_seq,
            limit,
            trigger,
            chars,
        )
        return str(rows[0][0])

    def is_deleted(self, seq: int) -> bool:
        return bool(self._execute("SELECT 1 FROM revisions WHERE seq = ? AND text IS NULL", seq))

    def revise(self, seq: int, text: str | None) -> None:
        self._execute(
            "INSERT INTO revisions (seq, text) VALUES (?, ?) ON CONFLICT DO UPDATE SET text = excluded.text", seq, text
        )

    def reactions(self, first_seq: int) -> dict[int, dict[str, list[str]]]:
        """seq → emoji → users, for messages from `first_seq` on."""
        found: dict[int, dict[str, list[str]]] = {}
        for seq, emoji, user in self._execute(
            "SELECT seq, emoji, user_id FROM reactions WHERE seq >= ? ORDER BY seq, emoji, user_id", first_seq
        ):
            found.setdefault(integer(seq), {}).setdefault(str(emoji), []).append(str(user))
        return found

    def set_reaction(self, seq: int, emoji: str, user_id: str, *, on: bool) -> bool:
        """Whether that changed anything."""
        present = bool(
            self._execute("SELECT 1 FROM reactions WHERE seq = ? AND emoji = ? AND user_id = ?", seq, emoji, user_id)
        )
        if present == on:
            return False
        if on:
            self._execute("INSERT INTO reactions (seq, emoji, user_id) VALUES (?, ?, ?)", seq, emoji, user_id)
        else:
            self._execute("DELETE FROM reactions WHERE seq = ? AND emoji = ? AND user_id = ?", seq, emoji, user_id)
        return True

    def reads(self) -> dict[str, int]:
        return {str(user): integer(position) for user, position in self._execute("SELECT user_id, position FROM reads")}

    def move_read(self, user_id: str, position: int) -> bool:
        """Forward only. Whether it moved."""
        rows = self._execute(
            """INSERT INTO reads (user_id, position) VALUES (?, ?)
               ON CONFLICT DO UPDATE SET position = excluded.position WHERE excluded.position > reads.position
               RETURNING position""",
            user_id,
            position,
        )
        return bool(rows)

    # ── since when somebody is here ─────────────────────────────────────────────────────────────────────────────────

    def joined(self, member_id: str, seq: int) -> None:
        self._execute(
            "INSERT INTO joins (member_id, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq",
            member_id,
            seq,
        )

    def joined_at(self, member_id: str) -> int:
        """The seq at which this person or agent last joined."""
        rows = self._execute("SELECT seq FROM joins WHERE member_id = ?", member_id)
        return integer(rows[0][0]) if rows else 1

    # ── seals ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def seal_key(self, subject: str, new_key: Callable[[], str]) -> str:
        """The key of this person, agent or system, in hex; a new one when there is none."""
        rows = self._execute("SELECT key FROM seals WHERE subject = ?", subject)
        if rows:
            return str(rows[0][0])
        self.keep_seal(subject, key := new_key())
        return key

    def keep_seal(self, subject: str, key: str) -> None:
        self._execute("INSERT INTO seals (subject, key) VALUES (?, ?)", subject, key)

    # ── who may come in ─────────────────────────────────────────────────────────────────────────────────────────────

    def access_version(self, user_id: str) -> int:
        """The oldest access version under which this person may come in."""
        rows = self._execute("SELECT coalesce(max(version), 0) FROM access WHERE user_id = ?", user_id)
        return integer(rows[0][0])

    def raise_access_version(self, user_id: str, version: int) -> None:
        """Upwards only."""
        self._execute(
            """INSERT INTO access (user_id, version) VALUES (?, ?)
               ON CONFLICT DO UPDATE SET version = max(version, excluded.version)""",
            user_id,
            version,
        )

    def use_token(self, jti: str, until_s: int, now_s: int) -> bool:
        """True the first time. What could not be accepted any more is forgotten."""
        self._execute("DELETE FROM used_tokens WHERE until_s < ?", now_s)
        fresh = self._execute(
            "INSERT INTO used_tokens (jti, until_s) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING jti", jti, until_s
        )
        return bool(fresh)


def event_data(body: str) -> dict[str, object]:
    """The parsed form of a stored event, for the few rules that look inside one."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise TypeError("a stored event is an object")
    return value
