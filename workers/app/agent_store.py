"""What the App asks of the directory about the agents of an org.

Law: as in `store`. A deleted agent is found no more, but its row stays: what it said and used goes on being its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.ports import Database, Row, Statement

AGENT: Final = """agents.id, agents.handle, agents.name, agents.provider, agents.model, agents.instructions,
                   agents.tools, agents.created_at"""


@dataclass(frozen=True)
class AgentRow:
    id: str
    handle: str
    name: str
    provider: str
    model: str
    instructions: str
    tools: tuple[str, ...]
    created_at: str


class AgentStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def create(self, org_id: str, agent: AgentRow) -> None:
        """Raises Conflict when the handle is taken."""
        await self._db.rows(
            """INSERT INTO agents (id, org_id, handle, name, provider, model, instructions, tools, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            agent.id,
            org_id,
            agent.handle,
            agent.name,
            agent.provider,
            agent.model,
            agent.instructions,
            json.dumps(agent.tools),
            agent.created_at,
        )

    async def page(self, org_id: str, after: str, limit: int) -> list[AgentRow]:
        rows = await self._db.rows(
            f"""SELECT {AGENT} FROM agents
               WHERE org_id = ? AND id > ? AND deleted_at IS NULL ORDER BY id LIMIT ?""",  # noqa: S608 -- a constant
            org_id,
            after,
            limit,
        )
        return [agent_row(row) for row in rows]

    async def known(self, org_id: str, agent_ids: Sequence[str]) -> set[str]:
        """Which of these are agents of this org."""
        if not agent_ids:
            return set()
        marks = ", ".join("?" for _ in agent_ids)
        rows = await self._db.rows(
            f"SELECT id FROM agents WHERE org_id = ? AND deleted_at IS NULL AND id IN ({marks})",  # noqa: S608 -- only question marks
            org_id,
            *agent_ids,
        )
        return {str(row["id"]) for row in rows}

    async def agent(self, org_id: str, agent_id: str, *, deleted: bool = False) -> AgentRow | None:
        rows = await self._db.rows(
            f"SELECT {AGENT} FROM agents WHERE id = ? AND org_id = ? AND (deleted_at IS NOT NULL) = ?",  # noqa: S608
            agent_id,
            org_id,
            int(deleted),
        )
        return agent_row(rows[0]) if rows else None

    async def change(self, org_id: str, before: AgentRow, after: AgentRow) -> bool:
        """False when it is not any more what it was read as. Raises Conflict when the handle is taken."""
        new, old = (
            (row.handle, row.name, row.provider, row.model, row.instructions, json.dumps(row.tools))
            for row in (after, before)
        )
        changed, _ = await self._db.batch(
            [
                (
                    """UPDATE agents SET handle = ?, name = ?, provider = ?, model = ?, instructions = ?, tools = ?
                       WHERE id = ? AND org_id = ? AND deleted_at IS NULL AND handle = ? AND name = ? AND provider = ?
                       AND model = ? AND instructions = ? AND tools = ? RETURNING id""",
                    (*new, before.id, org_id, *old),
                ),
                _newer_groups(before.id),
            ]
        )
        return bool(changed)

    async def delete(self, org_id: str, agent_id: str, now: str) -> None:
        """It leaves its handle to others, and its groups as soon as they are told (`leave`)."""
        await self._db.batch(
            [
                (
                    "UPDATE agents SET deleted_at = ?, handle = id WHERE id = ? AND org_id = ? AND deleted_at IS NULL",
                    (now, agent_id, org_id),
                ),
                _newer_groups(agent_id),
            ]
        )

    async def groups_of(self, agent_id: str) -> list[tuple[str, bool]]:
        """The groups that this agent is in, and whether somebody looks at their rosters."""
        rows = await self._db.rows(
            """SELECT groups.id, groups.status = 'active' AS open
               FROM group_agents JOIN groups ON groups.id = group_agents.group_id WHERE group_agents.agent_id = ?""",
            agent_id,
        )
        return [(str(row["id"]), bool(row["open"])) for row in rows]

    async def leave(self, agent_id: str) -> None:
        """Out of all groups, once they have been told."""
        await self._db.rows("DELETE FROM group_agents WHERE agent_id = ?", agent_id)


def _newer_groups(agent_id: str) -> Statement:
    return (
        "UPDATE groups SET version = version + 1 WHERE id IN (SELECT group_id FROM group_agents WHERE agent_id = ?)",
        (agent_id,),
    )


def agent_row(row: Row) -> AgentRow:
    texts = {
        name: str(row[name]) for name in ("id", "handle", "name", "provider", "model", "instructions", "created_at")
    }
    return AgentRow(**texts, tools=tuple(json.loads(str(row["tools"]))))
