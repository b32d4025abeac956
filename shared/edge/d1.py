"""The `Database` port over D1.

Law: no statement lives here. D1's errors become ours by the table below.
"""

from collections.abc import Sequence
from typing import Any

import js
from pyodide.ffi import JsException

from shared.edge.js import from_sql, to_sql
from shared.errors import Conflict, ParleyError, Unavailable
from shared.ports import Row, SqlValue, Statement


class D1:
    def __init__(self, binding: Any) -> None:
        self._raw = binding

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]:
        try:
            answer = await self._prepare(statement, parameters).all()
        except JsException as exc:
            raise _translated(exc) from exc
        return _rows(answer)

    async def batch(self, statements: Sequence[Statement]) -> list[list[Row]]:
        prepared = js.Array.of(*(self._prepare(text, parameters) for text, parameters in statements))
        try:
            answers = await self._raw.batch(prepared)
        except JsException as exc:
            raise _translated(exc) from exc
        return [_rows(answer) for answer in answers]

    def _prepare(self, statement: str, parameters: tuple[SqlValue, ...]) -> Any:
        prepared = self._raw.prepare(statement)
        return prepared.bind(*(to_sql(value) for value in parameters)) if parameters else prepared


def _rows(answer: Any) -> list[Row]:
    return [{key: from_sql(value) for key, value in row.items()} for row in answer.results.to_py()]


def _translated(exc: JsException) -> ParleyError:
    """D1 names SQLite's constraint in the message and nowhere else."""
    if "UNIQUE constraint failed" in str(exc):
        return Conflict(reason=f"d1: {exc}")
    return Unavailable(reason=f"d1: {exc}")
