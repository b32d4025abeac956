"""The `Sql` port over an object's own SQLite.

Law: the raw binding, never the SDK's wrapper, which costs 10 to 25 times as much a call; a cursor is read out at once.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pyodide.ffi import create_once_callable

from shared.edge.js import from_sql, to_sql
from shared.ports import SqlValue

T = TypeVar("T")


class ObjectSql:
    """`storage` is the raw JavaScript DurableObjectStorage."""

    def __init__(self, storage: Any) -> None:
        self._transact = storage.transactionSync
        self._exec = storage.sql.exec

    def execute(self, statement: str, *parameters: SqlValue) -> list[list[SqlValue]]:
        cursor = self._exec(statement, *map(to_sql, parameters))
        return [[from_sql(value) for value in row] for row in cursor.raw().toArray().to_py()]

    def run(self, statement: str, *parameters: SqlValue) -> bool:
        """SQLite has done all of it when `exec` returns: without rows there is nothing to read out."""
        return bool(self._exec(statement, *map(to_sql, parameters)).rowsWritten)

    def transaction(self, work: Callable[[], T]) -> T:
        """Python's exception comes out as itself, with everything rolled back."""
        results: list[T] = []
        failures: list[Exception] = []

        def attempt() -> None:
            try:
                results.append(work())
            except Exception as exc:
                failures.append(exc)
                raise

        try:
            self._transact(create_once_callable(attempt))
        except Exception:
            if failures:
                raise failures[0] from None
            raise
        return results[0]
