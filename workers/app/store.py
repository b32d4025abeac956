"""Every statement the App sends to the directory, but for those about access, which `access` has.

Law: SQL is there and nowhere else in this Worker; whatever belongs to an org is asked for with that org's id.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.ports import Database, Row, Statement
from shared.protocol import TurnSettings

_GROUP: Final = """groups.id, groups.org_id, groups.title, groups.is_private, groups.history_visibility, groups.turns,
                   groups.status, groups.created_at, groups.archived_at, groups.r2_path"""
OrgRole = Literal["owner", "admin", "member"]
GroupRole = Literal["owner", "member"]


@dataclass(frozen=True)
class Person:
    id: str
    org_id: str
    name: str
    role: OrgRole
    created_at: str
    disabled_at: str | None = None


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


@dataclass(frozen=True)
class GroupRow:
    id: str
    org_id: str
    title: str
    is_private: bool
    history_visibility: str
    turns: TurnSettings
    status: str
    created_at: str
    archived_at: str | None
    r2_path: str | None
    my_role: str | None
    """The asking person's role in it; None for somebody of the org who has not joined."""


@dataclass(frozen=True)
class MemberRow:
    user_id: str
    name: str
    role: str


class Store:
    def __init__(self, database: Database) -> None:
        self._db = database

    # ── orgs, people, tokens ────────────────────────────────────────────────────────────────────────────────────────

    async def create_org(self, org_id: str, name: str, owner: Person, token: Statement) -> None:
        await self._db.batch(
            [
                ("INSERT INTO orgs (id, name, created_at) VALUES (?, ?, ?)", (org_id, name, owner.created_at)),
                _insert_person(owner),
                token,
            ]
        )

    async def create_person(self, person: Person) -> None:
        await self._db.batch([_insert_person(person)])

    async def create_token(self, token: Statement) -> None:
        await self._db.batch([token])

    async def person_of_token(self, sha256: str, now: str) -> Person | None:
        rows = await self._db.rows(
            """SELECT people.id, people.org_id, people.name, people.role, people.created_at, people.disabled_at
               FROM tokens JOIN people ON people.id = tokens.user_id
               WHERE tokens.sha256 = ?1 AND tokens.revoked_at IS NULL AND people.disabled_at IS NULL
               AND (tokens.expires_at IS NULL OR tokens.expires_at > ?2)""",
            sha256,
            now,
        )
        return person_of(rows[0]) if rows else None

    async def person(self, org_id: str, user_id: str) -> Person | None:
        rows = await self._db.rows(
            "SELECT id, org_id, name, role, created_at, disabled_at FROM people WHERE id = ? AND org_id = ?",
            user_id,
            org_id,
        )
        return person_of(rows[0]) if rows else None

    async def people(self, org_id: str, after: str, limit: int) -> list[Person]:
        rows = await self._db.rows(
            """SELECT id, org_id, name, role, created_at, disabled_at FROM people
               WHERE org_id = ? AND id > ? ORDER BY id LIMIT ?""",
            org_id,
            after,
            limit,
        )
        return [person_of(row) for row in rows]

    # ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_agent(self, org_id: str, agent: AgentRow) -> None:
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

    async def agents(self, org_id: str, after: str, limit: int) -> list[AgentRow]:
        rows = await self._db.rows(
            """SELECT id, handle, name, provider, model, instructions, tools, created_at FROM agents
               WHERE org_id = ? AND id > ? ORDER BY id LIMIT ?""",
            org_id,
            after,
            limit,
        )
        return [_agent(row) for row in rows]

    async def known_agents(self, org_id: str, agent_ids: Sequence[str]) -> set[str]:
        """Which of these are agents of this org."""
        if not agent_ids:
            return set()
        marks = ", ".join("?" for _ in agent_ids)
        rows = await self._db.rows(
            f"SELECT id FROM agents WHERE org_id = ? AND id IN ({marks})",  # noqa: S608 -- only question marks
            org_id,
            *agent_ids,
        )
        return {str(row["id"]) for row in rows}

    # ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def create_group(self, group: GroupRow, owner: Person, agent_ids: Sequence[str]) -> None:
        await self._db.batch(
            [
                (
                    """INSERT INTO groups (id, org_id, title, is_private, history_visibility, turns, status, created_by,
                                           created_at)
                       VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?)""",
                    (
                        group.id,
                        group.org_id,
                        group.title,
                        int(group.is_private),
                        group.history_visibility,
                        turns_text(group.turns),
                        owner.id,
                        group.created_at,
                    ),
                ),
                (
                    "INSERT INTO memberships (group_id, user_id, role, created_at) VALUES (?, ?, 'owner', ?)",
                    (group.id, owner.id, group.created_at),
                ),
                *(
                    ("INSERT INTO group_agents (group_id, agent_id) VALUES (?, ?)", (group.id, agent_id))
                    for agent_id in agent_ids
                ),
            ]
        )

    async def group(self, group_id: str, person: Person) -> GroupRow | None:
        """None when it is absent, or not this person's to know of."""
        rows = await self._db.rows(
            f"""SELECT {_GROUP}, memberships.role AS my_role
               FROM groups LEFT JOIN memberships ON memberships.group_id = groups.id AND memberships.user_id = ?1
               WHERE groups.id = ?2 AND groups.org_id = ?3 AND groups.status NOT IN ('pending', 'deleted')
               AND (groups.is_private = 0 OR memberships.role IS NOT NULL)""",  # noqa: S608 -- a constant
            person.id,
            group_id,
            person.org_id,
        )
        return _group(rows[0]) if rows else None

    async def groups_of(self, person: Person, after: str, limit: int) -> list[GroupRow]:
        rows = await self._db.rows(
            f"""SELECT {_GROUP}, memberships.role AS my_role
               FROM memberships JOIN groups ON groups.id = memberships.group_id
               WHERE memberships.user_id = ? AND memberships.group_id > ? AND groups.org_id = ?
               AND groups.status NOT IN ('pending', 'deleted')
               ORDER BY memberships.group_id LIMIT ?""",  # noqa: S608 -- a constant
            person.id,
            after,
            person.org_id,
            limit,
        )
        return [_group(row) for row in rows]

    async def joinable_groups(self, person: Person, after: str, limit: int) -> list[GroupRow]:
        """Public groups of the org that this person is not in."""
        rows = await self._db.rows(
            f"""SELECT {_GROUP}, NULL AS my_role
               FROM groups
               WHERE groups.org_id = ?1 AND groups.id > ?2 AND groups.is_private = 0 AND groups.status = 'active'
               AND NOT EXISTS (SELECT 1 FROM memberships WHERE group_id = groups.id AND user_id = ?3)
               ORDER BY groups.id LIMIT ?4""",  # noqa: S608 -- a constant
            person.org_id,
            after,
            person.id,
            limit,
        )
        return [_group(row) for row in rows]

    async def members(self, group_id: str) -> list[MemberRow]:
        rows = await self._db.rows(
            """SELECT people.id AS user_id, people.name, memberships.role FROM memberships
               JOIN people ON people.id = memberships.user_id WHERE memberships.group_id = ? ORDER BY people.id""",
            group_id,
        )
        return [MemberRow(str(row["user_id"]), str(row["name"]), str(row["role"])) for row in rows]

    async def agents_in(self, group_id: str) -> list[AgentRow]:
        rows = await self._db.rows(
            """SELECT agents.id, agents.handle, agents.name, agents.provider, agents.model, agents.instructions,
                      agents.tools, agents.created_at
               FROM group_agents JOIN agents ON agents.id = group_agents.agent_id
               WHERE group_agents.group_id = ? ORDER BY agents.id""",
            group_id,
        )
        return [_agent(row) for row in rows]

    # ── changes of a group: each raises its version, which is how its controller knows what is newer ────────────────

    async def change_group(self, group_id: str, title: str, turns: TurnSettings) -> None:
        await self._changing(
            group_id, ("UPDATE groups SET title = ?, turns = ? WHERE id = ?", (title, turns_text(turns), group_id))
        )

    async def set_member(self, group_id: str, user_id: str, role: str, now: str) -> None:
        await self._changing(
            group_id,
            (
                """INSERT INTO memberships (group_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
                   ON CONFLICT DO UPDATE SET role = excluded.role""",
                (group_id, user_id, role, now),
            ),
        )

    async def remove_member(self, group_id: str, user_id: str) -> None:
        await self._changing(
            group_id, ("DELETE FROM memberships WHERE group_id = ? AND user_id = ?", (group_id, user_id))
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

    async def _changing(self, group_id: str, change: Statement) -> None:
        await self._db.batch([change, ("UPDATE groups SET version = version + 1 WHERE id = ?", (group_id,))])


def turns_text(turns: TurnSettings) -> str:
    """Only what differs from the defaults: those may change."""
    return turns.model_dump_json(exclude_defaults=True)


def _insert_person(person: Person) -> Statement:
    return (
        "INSERT INTO people (id, org_id, name, role, created_at) VALUES (?, ?, ?, ?, ?)",
        (person.id, person.org_id, person.name, person.role, person.created_at),
    )


def person_of(row: Row) -> Person:
    return Person(
        str(row["id"]),
        str(row["org_id"]),
        str(row["name"]),
        _org_role(row["role"]),
        str(row["created_at"]),
        _text_or_none(row["disabled_at"]),
    )


def _org_role(value: object) -> OrgRole:
    match value:
        case "owner" | "admin" | "member":
            return value
        case _:
            raise ValueError(f"unknown role {value!r}")


def _agent(row: Row) -> AgentRow:
    texts = {
        name: str(row[name]) for name in ("id", "handle", "name", "provider", "model", "instructions", "created_at")
    }
    return AgentRow(**texts, tools=tuple(json.loads(str(row["tools"]))))


def _group(row: Row) -> GroupRow:
    return GroupRow(
        id=str(row["id"]),
        org_id=str(row["org_id"]),
        title=str(row["title"]),
        is_private=bool(row["is_private"]),
        history_visibility=str(row["history_visibility"]),
        turns=TurnSettings.model_validate_json(str(row["turns"])),
        status=str(row["status"]),
        created_at=str(row["created_at"]),
        archived_at=_text_or_none(row["archived_at"]),
        r2_path=_text_or_none(row["r2_path"]),
        my_role=_text_or_none(row["my_role"]),
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
