"""What is to be delivered to the webhooks of one org, what was, and what could not be.

Law: all SQL of one outbox, and the rules of trying again. An event is there before anybody is told of it, and stays
until it is delivered or given up. No I/O, no clock of its own. Order is not kept: whoever fails waits, others go on.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from durable_objects.discretion import body_of, body_without_words_of, withheld_body, without_words_of
from durable_objects.run_journal import integer
from shared.clock import rfc3339
from shared.errors import Conflict, NotFound
from shared.ids import MakeId
from shared.ports import Sql, SqlValue
from shared.webhooks import Accept, Deliveries, Delivery, ReadDeliveries, Replay, message_id

HOUR_MS: Final = 3_600_000
# How long, in milliseconds, what is over can be looked up, and how many of a webhook at most.
KEPT_MS: Final = {"delivered": 24 * HOUR_MS, "failed": 30 * 24 * HOUR_MS}
KEPT_LIMIT: Final = 1_000
_PAGE: Final = 100
WAITING_LIMIT: Final = 5_000
"""Of one webhook. What comes on top of them has failed at once, and can be replayed."""
JITTER: Final = 0.2

# `due_ms`: when to try again what is waiting, and when to forget what is over. The body of what was delivered is gone.
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS deliveries (
        id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, message_id TEXT NOT NULL, type TEXT NOT NULL,
        group_id TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL, due_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, status INTEGER, error TEXT
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX IF NOT EXISTS deliveries_once ON deliveries (webhook_id, message_id)",
    "CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (webhook_id, state, id)",
    "CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (webhook_id, state, due_ms)",
    "CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_ms, webhook_id)",
    # Whose words nobody is to be told any more, from whichever group they still come.
    "CREATE TABLE IF NOT EXISTS erased (user_id TEXT PRIMARY KEY) WITHOUT ROWID",
)


@dataclass(frozen=True)
class Subscriber:
    """A webhook that is enabled, and the events it wants."""

    webhook_id: str
    events: frozenset[str]
    hears_words: bool = True
    """Of this group: a private one's are told to those alone that an owner has let."""


@dataclass(frozen=True)
class Parcel:
    """A body to be posted."""

    delivery_id: str
    message_id: str
    body: str


@dataclass(frozen=True)
class Outcome:
    """How a try ended; without a status there was no answer."""

    status: int | None
    error: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Outbox:
    """`random` gives numbers from 0 to 1, `retries_ms` how long to wait after each try that failed."""

    def __init__(self, sql: Sql, retries_ms: Sequence[int], make_id: MakeId, random: Callable[[], float]) -> None:
        self._sql = sql
        self._retries_ms = retries_ms
        self._make_id = make_id
        self._random = random
        for statement in _TABLES:
            sql.execute(statement)

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def accept(self, told: Accept, subscribers: Sequence[Subscriber], now_ms: int) -> None:
        """All of it or nothing."""
        self._sql.transaction(lambda: self._accept(told, subscribers, now_ms))

    def _accept(self, told: Accept, subscribers: Sequence[Subscriber], now_ms: int) -> None:
        room = {one.webhook_id: WAITING_LIMIT - self._count(one.webhook_id, "waiting") for one in subscribers}
        erased = {str(user_id) for (user_id,) in self._sql.execute("SELECT user_id FROM erased")}
        for text in (without_words_of(text, erased) for text in told.events):
            event = json.loads(text)
            wanting = [one for one in subscribers if event["type"] in one.events]
            bodies = {
                words: body_of(told.org_id, told.group_id, text, words=words)
                for words in {one.hears_words for one in wanting}
            }
            message = message_id(told.group_id, event["epoch"], event["seq"])
            for one in wanting:
                fits = room[one.webhook_id] > 0
                row = (one.webhook_id, message, event["type"], told.group_id, event["seq"], bodies[one.hears_words])
                room[one.webhook_id] -= self._insert(row, now_ms, fits=fits)
        for webhook_id in (one for one, left in room.items() if left <= 0):
            self._keep_latest(webhook_id, "failed")

    def _insert(self, row: tuple[SqlValue, ...], now_ms: int, *, fits: bool) -> bool:
        state, due_ms, error = ("waiting", now_ms, None) if fits else ("failed", now_ms + KEPT_MS["failed"], "overflow")
        return self._sql.run(
            """INSERT INTO deliveries (id, webhook_id, message_id, type, group_id, seq, body, state, attempts, due_ms,
                                       created_ms, error)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT (webhook_id, message_id) DO NOTHING""",
            self._make_id("dlv"),
            *row,
            state,
            due_ms,
            now_ms,
            error,
        )

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def due(self, now_ms: int) -> list[str]:
        """The webhooks that something is due for."""
        rows = self._sql.execute(
            "SELECT DISTINCT webhook_id FROM deliveries WHERE state = 'waiting' AND due_ms <= ?", now_ms
        )
        return [str(webhook_id) for (webhook_id,) in rows]

    def parcels(self, webhook_id: str, now_ms: int, limit: int) -> list[Parcel]:
        rows = self._sql.execute(
            """SELECT id, message_id, body FROM deliveries
               WHERE webhook_id = ? AND state = 'waiting' AND due_ms <= ? ORDER BY due_ms, id LIMIT ?""",
            webhook_id,
            now_ms,
            limit,
        )
        return [Parcel(str(delivery_id), str(message), str(body)) for delivery_id, message, body in rows]

    def settle(self, delivery_id: str, outcome: Outcome, now_ms: int) -> None:
        """What a try came to: delivered, to be tried again, or given up. Nothing when it was forgotten meanwhile."""
        rows = self._sql.execute(
            "SELECT webhook_id, attempts FROM deliveries WHERE id = ? AND state = 'waiting'", delivery_id
        )
        if not rows:
            return
        webhook_id, tries = str(rows[0][0]), integer(rows[0][1])
        if outcome.is_delivered:
            self._over(delivery_id, "delivered", tries + 1, outcome, now_ms)
            self._keep_latest(webhook_id, "delivered")
        elif tries < len(self._retries_ms):
            self._change(delivery_id, "waiting", tries + 1, now_ms + self._wait_ms(tries), outcome)
        else:
            self._over(delivery_id, "failed", tries + 1, outcome, now_ms)
            self._keep_latest(webhook_id, "failed")

    def _over(
        self, delivery_id: str, state: Literal["delivered", "failed"], attempts: int, outcome: Outcome, now_ms: int
    ) -> None:
        self._change(delivery_id, state, attempts, now_ms + KEPT_MS[state], outcome)
        if state == "delivered":
            self._sql.run("UPDATE deliveries SET body = '' WHERE id = ?", delivery_id)

    def _change(self, delivery_id: str, state: str, attempts: int, due_ms: int, outcome: Outcome) -> None:
        self._sql.run(
            "UPDATE deliveries SET state = ?, attempts = ?, due_ms = ?, status = ?, error = ? WHERE id = ?",
            state,
            attempts,
            due_ms,
            outcome.status,
            outcome.error,
            delivery_id,
        )

    def _wait_ms(self, tries: int) -> int:
        """Not all at the same moment: receivers that were down come back slowly."""
        return int(self._retries_ms[tries] * (1 + JITTER * (2 * self._random() - 1)))

    def postpone(self, webhook_id: str, due_ms: int) -> None:
        """Nobody could be asked where this webhook is: what is due for it is due later, and no try is used up."""
        self._sql.run(
            "UPDATE deliveries SET due_ms = ? WHERE webhook_id = ? AND state = 'waiting' AND due_ms < ?",
            due_ms,
            webhook_id,
            due_ms,
        )

    def give_up(self, webhook_id: str, why: str, now_ms: int) -> None:
        """The webhook takes nothing any more; what was waiting can be replayed once it does."""
        self._sql.run(
            "UPDATE deliveries SET state = 'failed', due_ms = ?, error = ? WHERE webhook_id = ? AND state = 'waiting'",
            now_ms + KEPT_MS["failed"],
            why,
            webhook_id,
        )
        self._keep_latest(webhook_id, "failed")

    def forget(self, webhook_id: str) -> None:
        self._sql.run("DELETE FROM deliveries WHERE webhook_id = ?", webhook_id)

    def erase(self, user_id: str) -> None:
        """Takes a person's words and name out of what is not delivered yet, and of what is still to come."""
        self._sql.transaction(lambda: self._erase(user_id))

    def _erase(self, user_id: str) -> None:
        self._sql.run("INSERT INTO erased (user_id) VALUES (?) ON CONFLICT DO NOTHING", user_id)
        self._rewrite(lambda _, body: body_without_words_of(user_id, body))

    def withhold(self, webhook_id: str) -> None:
        """Takes the words out of all that is not delivered yet to this webhook. Of which groups they are it does not
        know any more, so public ones lose theirs as well.
        """
        self._sql.transaction(
            lambda: self._rewrite(lambda one, body: withheld_body(body) if one == webhook_id else None)
        )

    def _rewrite(self, change: Callable[[str, str], str | None]) -> None:
        """`change` takes a webhook and a body that is still there, and gives another one or None."""
        after = ""
        while rows := self._sql.execute(
            "SELECT id, webhook_id, body FROM deliveries WHERE body <> '' AND id > ? ORDER BY id LIMIT ?", after, _PAGE
        ):
            for delivery_id, webhook_id, body in rows:
                if (rest := change(str(webhook_id), str(body))) is not None:
                    self._sql.run("UPDATE deliveries SET body = ? WHERE id = ?", rest, delivery_id)
            after = str(rows[-1][0])

    def prune(self, now_ms: int) -> None:
        """Forgets what is over for long enough."""
        for state in KEPT_MS:
            self._sql.run("DELETE FROM deliveries WHERE state = ? AND due_ms <= ?", state, now_ms)

    def next_ms(self, but: Collection[str] = ()) -> int | None:
        """When there is something to do, leaving out these webhooks, which are being served."""
        rows = self._sql.execute(
            """SELECT due_ms FROM deliveries
               WHERE state = 'waiting' AND webhook_id NOT IN (SELECT value FROM json_each(?))
               ORDER BY due_ms LIMIT 1""",
            json.dumps(sorted(but)),
        )
        for state in KEPT_MS:
            rows += self._sql.execute("SELECT due_ms FROM deliveries WHERE state = ? ORDER BY due_ms LIMIT 1", state)
        return min((integer(due_ms) for (due_ms,) in rows), default=None)

    # ── what its owners see ─────────────────────────────────────────────────────────────────────────────────────────

    def page(self, asked: ReadDeliveries) -> Deliveries:
        states = ["waiting", "delivered", "failed"] if asked.state is None else [asked.state]
        rows = self._sql.execute(
            f"""{_SELECT} WHERE webhook_id = ? AND state IN (SELECT value FROM json_each(?)) AND id > ?
                ORDER BY id LIMIT ?""",  # noqa: S608 -- a constant
            asked.webhook_id,
            json.dumps(states),
            asked.after,
            asked.limit,
        )
        return Deliveries(deliveries=tuple(_delivery(row) for row in rows))

    def replay(self, asked: Replay, now_ms: int) -> Delivery:
        """Raises NotFound; Conflict for one that was delivered, whose body is gone."""
        which = (asked.delivery_id, asked.webhook_id)
        rows = self._sql.execute(f"{_SELECT} WHERE id = ? AND webhook_id = ?", *which)
        if not rows:
            raise NotFound("There is no such delivery, or it is no longer kept")
        if _delivery(rows[0]).state == "delivered":
            raise Conflict("This was delivered")
        self._sql.run(
            "UPDATE deliveries SET state = 'waiting', attempts = 0, due_ms = ? WHERE id = ?", now_ms, which[0]
        )
        return _delivery(self._sql.execute(f"{_SELECT} WHERE id = ? AND webhook_id = ?", *which)[0])

    def _count(self, webhook_id: str, state: str) -> int:
        rows = self._sql.execute(
            "SELECT count(*) FROM deliveries WHERE webhook_id = ? AND state = ?", webhook_id, state
        )
        return integer(rows[0][0])

    def _keep_latest(self, webhook_id: str, state: str) -> None:
        self._sql.run(
            """DELETE FROM deliveries WHERE webhook_id = ? AND state = ? AND id <= (
                   SELECT id FROM deliveries WHERE webhook_id = ? AND state = ? ORDER BY id DESC LIMIT 1 OFFSET ?)""",
            webhook_id,
            state,
            webhook_id,
            state,
            KEPT_LIMIT,
        )


_SELECT: Final = """SELECT id, message_id, type, group_id, seq, state, attempts, status, error, created_ms, due_ms
                    FROM deliveries"""


def _delivery(row: list[SqlValue]) -> Delivery:
    *told, created_ms, due_ms = row
    names = ("id", "message_id", "type", "group_id", "seq", "state", "attempts", "status", "error")
    known = dict(zip(names, told, strict=True))
    times = {
        "created_at": rfc3339(integer(created_ms)),
        "next_attempt_at": rfc3339(integer(due_ms)) if known["state"] == "waiting" else None,
    }
    return Delivery.model_validate({**known, **times})
