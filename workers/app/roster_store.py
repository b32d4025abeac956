"""What the App asks of the directory about who is in a group: people and agents.

Law: as in `store`. Every change raises the group's version, which is how its controller knows what is newer; none
leaves a group without an owner, whoever else changes it at the same moment.
"""

from dataclasses import dataclass
from typing import Final

from app.agent_store import AGENT, AgentRow, agent_row
from shared.ports import Database, Row, Statement

# In a statement about one membership, ?1 the group and ?2 the person: the group has an owner without this one.
_ANOTHER_OWNER: Final = """EXISTS (SELECT 1 FROM memberships AS others
                           WHERE others.group_id = ?1 AND others.role = 'owner' AND others.user_id <> ?2)"""

_AGENTS_IN: Final = f"""SELECT {AGENT} FROM group_agents JOIN agents ON agents.id = group_agents.agent_id
               WHERE group_agents.group_id = ? AND agents.deleted_at IS NULL ORDER BY agents.id"""  # noqa: S608


@dataclass(frozen=True)
class MemberRow:
    user_id: str
    name: str
    role: str


class RosterStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def everybody(self, group_id: str) -> tuple[list[MemberRow], list[AgentRow]]:
        """The people and the agents in a group."""
        people = """SELECT people.id AS user_id, people.name, memberships.role FROM memberships
               JOIN people ON people.id = memberships.user_id WHERE memberships.group_id = ? ORDER BY people.id"""
        members, agents = await self._db.batch([(people, (group_id,)), (_AGENTS_IN, (group_id,))])
        return [_member(row) for row in members], [agent_row(row) for row in agents]

    async def members_page(self, group_id: str, after: str, limit: int) -> list[MemberRow]:
        rows = await self._db.rows(
            """SELECT people.id AS user_id, people.name, memberships.role FROM memberships
               JOIN people ON people.id = memberships.user_id
               WHERE memberships.group_id = ? AND memberships.user_id > ? ORDER BY memberships.user_id LIMIT ?""",
            group_id,
            after,
            limit,
        )
        return [_member(row) for row in rows]

    async def member(self, group_id: str, user_id: str) -> MemberRow | None:
        rows = await self._db.rows(
            """SELECT people.id AS user_id, people.name, memberships.role FROM memberships
               JOIN people ON people.id = memberships.user_id
               WHERE memberships.group_id = ? AND memberships.user_id = ?""",
            group_id,
            user_id,
        )
        return _member(rows[0]) if rows else None

    async def agents_in(self, group_id: str) -> list[AgentRow]:
        return [agent_row(row) for row in await self._db.rows(_AGENTS_IN, group_id)]

    # ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def add_member(self, group_id: str, user_id: str, role: str, now: str) -> None:
        """Whoever is in already stays what they are."""
        await self._changing(
            group_id,
            (
                """INSERT INTO memberships (group_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
                   ON CONFLICT DO NOTHING""",
                (group_id, user_id, role, now),
            ),
        )

    async def set_role(self, group_id: str, user_id: str, role: str) -> bool:
        """False when nobody would own the group any more, or this person is not in it."""
        return await self._changing(
            group_id,
            (
                f"""UPDATE memberships SET role = ?3 WHERE group_id = ?1 AND user_id = ?2
                    AND (?3 = 'owner' OR {_ANOTHER_OWNER}) RETURNING user_id""",  # noqa: S608 -- a constant
                (group_id, user_id, role),
            ),
        )

    async def remove_member(self, group_id: str, user_id: str) -> bool:
        """False when nobody would own the group any more, or this person is not in it."""
        return await self._changing(
            group_id,
            (
                f"""DELETE FROM memberships WHERE group_id = ?1 AND user_id = ?2
                    AND {_ANOTHER_OWNER} RETURNING user_id""",  # noqa: S608 -- a constant
                (group_id, user_id),
            ),
        )

    async def add_agent(self, group_id: str, agent_id: str) -> None:
        await self._changing(
            group_id,
            (
                "INSERT INTO group_agents (group_id, agent_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (group_id, agent_id),
            ),
        )

    async def remove_agent(self, group_id: str, agent_id: str) -> None:
        await self._changing(
            group_id, ("DELETE FROM group_agents WHERE group_id = ? AND agent_id = ?", (group_id, agent_id))
        )

    async def _changing(self, group_id: str, change: Statement) -> bool:
        """Whether the change gave a row back."""
        newer = ("UPDATE groups SET version = version + 1 WHERE id = ?", (group_id,))
        changed, _ = await self._db.batch([change, newer])
        return bool(changed)


def _member(row: Row) -> MemberRow:
    return MemberRow(str(row["user_id"]), str(row["name"]), str(row["role"]))
