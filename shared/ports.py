"""What the pure code needs of the platform, as narrow as it is needed.

Law: a port has one to four methods, speaks in plain values, and raises errors of `shared.errors` alone.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")
SqlValue = str | int | float | None
Row = Mapping[str, SqlValue]
Statement = tuple[str, tuple[SqlValue, ...]]


class Database(Protocol):
    """D1. All methods raise Unavailable when the database does not answer, Conflict when a row is already there."""

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]: ...

    async def batch(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """All of them, in order, or none. The rows that each of them gave."""
        ...


class Sql(Protocol):
    """A Durable Object's own SQLite."""

    def execute(self, statement: str, *parameters: SqlValue) -> list[list[SqlValue]]:
        """Rows, each a list of columns. Parameters are positional `?`."""
        ...

    def run(self, statement: str, *parameters: SqlValue) -> bool:
        """A statement without rows, at half the price; whether it has written anything."""
        ...

    def transaction(self, work: Callable[[], T]) -> T:
        """All of `work`'s writes, or none of them when it raises."""
        ...


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, read whole."""

    status: int
    body: bytes


class Peer(Protocol):
    """Another Worker, reached over a service binding."""

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """`target` is path and query. Raises Unavailable when it cannot be reached."""
        ...


class StreamingPeer(Peer, Protocol):
    """A peer that also answers at length."""

    async def stream(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, AsyncIterator[bytes]]:
        """The status as soon as it is known, and the answer in pieces. Raises Unavailable."""
        ...


class Bucket(Protocol):
    """R2, for reading."""

    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        """The object's bytes in chunks, None when it is not there. Raises Unavailable."""
        ...
