"""One run's events while they happen and for a while after, so that who lost the line can go on where they were.

Law: pure. An event is stored before anybody is shown it, and numbered without a gap; reading gives exactly what follows
a number. The turn goes on while its reader is away for a moment, and is closed when nobody comes back.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Protocol

from shared.agent_api import RunError, RunEvent
from shared.clock import Clock
from shared.errors import NotFound
from shared.ports import SqlValue
from shared.streaming import with_heartbeat

KEPT_MS: Final = 600_000
ABANDONED_MS: Final = 30_000
SIZE_LIMIT_CHARS: Final = 4 * 1024 * 1024
_PAGE: Final = 200
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS frames (n INTEGER PRIMARY KEY, frame TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ends (at_ms INTEGER NOT NULL)",
)
_FOUND: Final = "SELECT count(*), sum(length(frame)), EXISTS (SELECT 1 FROM ends) FROM frames"


class Sql(Protocol):
    """The object's own SQLite."""

    def execute(self, statement: str, *parameters: SqlValue) -> list[list[SqlValue]]: ...


class Tape:
    """The tape of one run, over the storage that is its own."""

    def __init__(self, sql: Sql, clock: Clock) -> None:
        self._execute = sql.execute
        self._clock = clock
        self._last = self._size = 0
        self.is_over = False
        # What is only asked for leaves nothing behind: the tables are made when a run begins.
        if self._execute("SELECT 1 FROM sqlite_master WHERE name = 'ends'"):
            ((last, size, ended),) = self._execute(_FOUND)
            self._last, self._size, self.is_over = int(last or 0), int(size or 0), bool(ended)
        self.is_running = False
        self._readers = 0
        self._left_ms = clock()
        self._news = asyncio.Event()

    @property
    def is_blank(self) -> bool:
        """The run has not begun."""
        return not (self._last or self.is_running or self.is_over)

    @property
    def was_cut(self) -> bool:
        """The run went down with the instance that ran it."""
        return not (self.is_blank or self.is_running or self.is_over)

    def begin(self) -> None:
        """From here on the run is under way; `record` follows."""
        for table in _TABLES:
            self._execute(table)
        self.is_running = True
        self._left_ms = self._clock()

    async def record(self, run_id: str, events: AsyncGenerator[RunEvent]) -> None:
        """Stores a turn to its end; closes it when it was left alone, or says more than is kept."""
        failure: RunError | None = None
        async with aclosing(with_heartbeat(_texts(events), "")) as texts:
            async for text in texts:
                if text:
                    self._store(run_id, text)
                if self._size > SIZE_LIMIT_CHARS:
                    failure = RunError(code="too_large", message="The run said more than is kept of one")
                    break
                if self._readers == 0 and self._clock() - self._left_ms > ABANDONED_MS:
                    failure = RunError(code="interrupted", message="Nobody listened any more")
                    break
        self._end(run_id, failure)

    def cut(self, run_id: str) -> None:
        """Ends a tape that `was_cut`."""
        self._end(run_id, RunError(code="interrupted", message="The agent stopped in the middle"))

    def begin_reading(self, after: int) -> AsyncGenerator[str]:
        """The frames that follow number `after`, those to come included. Raises NotFound when it is not there."""
        if after > self._last:
            raise NotFound("There is no such event of this run, or it is no longer kept")
        return self._read(after)

    async def _read(self, after: int) -> AsyncGenerator[str]:
        self._readers += 1
        try:
            while True:
                # Taken before looking, so that what is stored meanwhile is not waited for.
                news, is_over = self._news, self.is_over
                rows = self._after(after)
                for number, frame in rows:
                    after = int(number or 0)
                    yield str(frame)
                if rows:
                    continue
                if is_over:
                    return
                await news.wait()
        finally:
            self._readers -= 1
            self._left_ms = self._clock()

    def _after(self, number: int) -> list[list[SqlValue]]:
        if number == self._last:
            return []
        return self._execute("SELECT n, frame FROM frames WHERE n > ? ORDER BY n LIMIT ?", number, _PAGE)

    def _store(self, run_id: str, text: str) -> None:
        number = self._last + 1
        frame = f"id: {run_id}:{number}\n{text}"
        self._execute("INSERT INTO frames (n, frame) VALUES (?, ?)", number, frame)
        self._last, self._size = number, self._size + len(frame)
        self._tell()

    def _end(self, run_id: str, failure: RunError | None) -> None:
        if failure is not None:
            self._store(run_id, _text(failure))
        self._execute("INSERT INTO ends (at_ms) VALUES (?)", self._clock())
        self.is_over, self.is_running = True, False
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _texts(events: AsyncGenerator[RunEvent]) -> AsyncGenerator[str]:
    async with aclosing(events):
        async for event in events:
            yield _text(event)


def _text(event: RunEvent) -> str:
    """A server-sent event without its number."""
    return f"event: {event.event_kind}\ndata: {event.model_dump_json()}\n\n"
