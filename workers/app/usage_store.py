"""What the App asks of the directory about usage.

Law: as in `store`. The groups report totals through the Orchestrator; here they are only added up.
"""

from dataclasses import dataclass
from typing import Final, Literal

from shared.ports import Database, Row

_SUMS: Final = """coalesce(sum(runs), 0) AS runs, coalesce(sum(requests), 0) AS requests,
                  coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
                  coalesce(sum(tool_calls), 0) AS tool_calls"""
# What to add up by, and what its keys are called.
_BY: Final = {
    "day": ("day", "NULL"),
    "group": ("group_id", "(SELECT title FROM groups WHERE groups.id = usage.group_id)"),
    "agent": ("agent_id", "(SELECT name FROM agents WHERE agents.id = usage.agent_id)"),
}


@dataclass(frozen=True)
class Used:
    runs: int
    requests: int
    input_tokens: int
    output_tokens: int
    tool_calls: int


@dataclass(frozen=True)
class UsedBy:
    key: str
    name: str | None
    used: Used


class UsageStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def total(self, org_id: str, first_day: str, last_day: str) -> Used:
        rows = await self._db.rows(
            f"SELECT {_SUMS} FROM usage WHERE org_id = ? AND day BETWEEN ? AND ?",  # noqa: S608 -- a constant
            org_id,
            first_day,
            last_day,
        )
        return _used(rows[0])

    async def page(
        self, org_id: str, first_day: str, last_day: str, by: Literal["day", "group", "agent"], after: str, limit: int
    ) -> list[UsedBy]:
        column, name = _BY[by]
        rows = await self._db.rows(
            f"""SELECT {column} AS key, {name} AS name, {_SUMS} FROM usage
                WHERE org_id = ? AND day BETWEEN ? AND ? AND {column} > ?
                GROUP BY {column} ORDER BY {column} LIMIT ?""",  # noqa: S608 -- constants
            org_id,
            first_day,
            last_day,
            after,
            limit,
        )
        return [UsedBy(str(row["key"]), None if row["name"] is None else str(row["name"]), _used(row)) for row in rows]


def _used(row: Row) -> Used:
    return Used(
        **{name: int(row[name] or 0) for name in ("runs", "requests", "input_tokens", "output_tokens", "tool_calls")}
    )
