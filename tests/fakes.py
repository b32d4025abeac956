"""One class per port, as small as it can be and still keep the port's promise."""

import sqlite3
import weakref
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

from durable_objects.effects import Close, Effect, Remember, Session, Tell, TellAll
from shared.errors import Conflict, NotFound, TooManyRequests, Unavailable
from shared.keys import PublicKey
from shared.metrics import Counter
from shared.ports import Row, SqlValue, Statement
from shared.webhooks import Delivery, LetGo, ReadDeliveries, Replay

T = TypeVar("T")
MIGRATIONS = Path(__file__).resolve().parent.parent / "workers" / "app" / "migrations"


@dataclass
class FakeReplayGuard:
    """`shared.signing.ReplayGuard` in memory. `down` makes it unreachable."""

    used: dict[tuple[str, str], int] = field(default_factory=dict)
    down: bool = False

    async def claim(self, kid: str, jti: str, until_s: int) -> bool:
        if self.down:
            raise Unavailable(reason="replay guard: down")
        if (kid, jti) in self.used:
            return False
        self.used[kid, jti] = until_s
        return True


@dataclass
class FakeRateLimit:
    """`orchestrator.ports.RateLimit`: grants so many, and notes who asked."""

    left: int = 1000
    asked: list[str] = field(default_factory=list)

    async def take(self, user_id: str) -> None:
        self.asked.append(user_id)
        self.left -= 1
        if self.left < 0:
            raise TooManyRequests(retry_after_ms=2500)


@cache
def _migrated() -> bytes:
    """An empty directory; made once, since tests open hundreds."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            database.executescript(migration.read_text())
        return database.serialize()


class FakeDatabase:
    """`shared.ports.Database` over SQLite itself, with the migrations of the real one."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        weakref.finalize(self, self._database.close)
        self._database.row_factory = sqlite3.Row
        self._database.deserialize(_migrated())

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]:
        try:
            return [dict(row) for row in self._database.execute(statement, parameters)]
        except sqlite3.IntegrityError as exc:
            raise Conflict(reason=f"sqlite: {exc}") from exc

    async def batch(self, statements: Sequence[Statement]) -> list[list[Row]]:
        return [await self.rows(statement, *parameters) for statement, parameters in statements]

    def insert(self, table: str, **row: SqlValue) -> None:
        marks = ", ".join("?" for _ in row)
        self._database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 -- a test's own names

    def close(self) -> None:
        self._database.close()


@dataclass
class FakeOutbox:
    """`app.ports.Outbox`, empty."""

    told: list[LetGo] = field(default_factory=list)
    is_away: bool = False

    async def page(self, org_id: str, asked: ReadDeliveries) -> tuple[Delivery, ...]:
        del org_id, asked
        return ()

    async def replay(self, org_id: str, asked: Replay) -> Delivery:
        raise NotFound(reason=f"{org_id} {asked.delivery_id}")

    async def let_go(self, org_id: str, told: LetGo) -> None:
        del org_id
        if self.is_away:
            raise Unavailable(reason="away")
        self.told.append(told)


@dataclass
class FakeMetrics:
    """`shared.metrics.Metrics`: the sums by counter and label, as if each were flushed at once."""

    sums: dict[tuple[Counter, str], int] = field(default_factory=dict)

    def add(self, counter: Counter, label: str = "", amount: int = 1) -> None:
        if amount:
            self.sums[counter, label] = self.sums.get((counter, label), 0) + amount

    def flush(self) -> None:
        pass


@dataclass
class FakeAppKeys:
    """`shared.signing.AppKeySource`: app ids and keys by thumbprint."""

    keys: dict[str, tuple[str, PublicKey]]

    async def app_key(self, kid: str) -> tuple[str, PublicKey] | None:
        return self.keys.get(kid)


class FakeSql:
    """`durable_objects.journal.Sql` over SQLite itself. `fail_on` makes the next statement that contains it raise."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        weakref.finalize(self, self._database.close)
        self.fail_on: str | None = None
        self.statements = 0

    def execute(self, statement: str, *parameters: SqlValue) -> list[list[SqlValue]]:
        return [list(row) for row in self._begun(statement, parameters)]

    def run(self, statement: str, *parameters: SqlValue) -> bool:
        return self._begun(statement, parameters).rowcount > 0

    def _begun(self, statement: str, parameters: tuple[SqlValue, ...]) -> sqlite3.Cursor:
        self.statements += 1
        if self.fail_on is not None and self.fail_on in statement:
            self.fail_on = None
            raise RuntimeError("disk full")
        return self._database.execute(statement, parameters)

    def transaction(self, work: Callable[[], T]) -> T:
        self._database.execute("SAVEPOINT work")
        try:
            result = work()
        except BaseException:
            self._database.execute("ROLLBACK TO work")
            raise
        finally:
            self._database.execute("RELEASE work")
        return result

    def close(self) -> None:
        self._database.close()


@dataclass
class FakeSockets:
    """`durable_objects.presence.Sockets`, and what each socket was told."""

    open: dict[str, Session] = field(default_factory=dict)
    heard: dict[str, list[str]] = field(default_factory=dict)
    closed: dict[str, tuple[int, str]] = field(default_factory=dict)

    def sessions(self) -> list[Session]:
        return list(self.open.values())

    def perform(self, effect: Effect) -> None:
        """Does to these sockets what the edge would do."""
        match effect:
            case Tell(socket_id, text):
                self._tell(socket_id, text)
            case TellAll(text, but):
                for session in self.sessions():
                    if session.ready and session.socket_id != but:
                        self._tell(session.socket_id, text)
            case Remember(session):
                self.open[session.socket_id] = session
            case Close(socket_id, code, reason):
                self.open.pop(socket_id, None)
                self.closed[socket_id] = (code, reason)
            case _:
                pass

    def _tell(self, socket_id: str, text: str) -> None:
        if socket_id in self.open:
            self.heard.setdefault(socket_id, []).append(text)
