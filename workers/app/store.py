"""What the App asks of the directory about orgs, people and groups.

Law: SQL is in the stores, one a noun (`access` is one of them), and nowhere else in this Worker; whatever belongs to an
org is asked for with that org's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from shared.ports import Database, Row, Statement
from shared.protocol import TurnSettings

_GROUP: Final = """groups.id, groups.org_id, groups.title, groups.is_private, groups.history_visibility, groups.turns,
                   groups.status, groups.created_at, groups.archived_at, groups.r2_path, groups.version"""
# Of a group of their org: what a person may know of.
_KNOWN: Final = """groups.status NOT IN ('pending', 'deleted')
                   AND (groups.is_private = 0 OR memberships.role IS NOT NULL)"""
_PERSON_OF_TOKEN: Final = """SELECT people.id, people.org_id, people.name, people.role, people.created_at,
                      people.disabled_at, people.erased_at
               FROM tokens JOIN people ON people.id = tokens.user_id
               WHERE tokens.sha256 = ?1 AND tokens.revoked_at IS NULL AND people.disabled_at IS NULL
               AND (tokens.expires_at IS NULL OR tokens.expires_at > ?2)"""  # noqa: S105 -- a statement, not one
OrgRole = Literal["owner", "admin", "member"]
GroupRole = Literal["owner", "member"]


@dataclass(frozen=True)
class OrgRow:
    id: str
    name: str
    created_at: str


@dataclass(frozen=True)
class Person:
    id: str
    org_id: str
    name: str
    role: OrgRole
    created_at: str
    disabled_at: str | None = None
    erased_at: str | None = None


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
    version: int
    my_role: str | None
    """The asking person's role in it; None for somebody of the org who has not joined."""


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
        rows = await self._db.rows(_PERSON_OF_TOKEN, sha256, now)
        return person_of(rows[0]) if rows else None

    async def person_and_group(self, sha256: str, now: str, group_id: str) -> tuple[Person | None, GroupRow | None]:
        """Who holds this token, and the group as `group` gives it to them: one way to the database instead of two.

        Whether the token is good is the first statement's to say; without a person there is no group.
        """
        people, groups = await self._db.batch(
            [
                (_PERSON_OF_TOKEN, (sha256, now)),
                (
                    f"""SELECT {_GROUP}, memberships.role AS my_role
                       FROM tokens JOIN people ON people.id = tokens.user_id
                       JOIN groups ON groups.id = ?2 AND groups.org_id = people.org_id
                       LEFT JOIN memberships ON memberships.group_id = groups.id AND memberships.user_id = people.id
                       WHERE tokens.sha256 = ?1 AND {_KNOWN}""",  # noqa: S608 -- constants
                    (sha256, group_id),
                ),
            ]
        )
        return (person_of(people[0]), _group(groups[0]) if groups else None) if people else (None, None)

    async def person(self, org_id: str, user_id: str) -> Person | None:
        rows = await self._db.rows(
            "SELECT id, org_id, name, role, created_at, disabled_at, erased_at FROM people WHERE id = ? AND org_id = ?",
            user_id,
            org_id,
        )
        return person_of(rows[0]) if rows else None

    async def people(self, org_id: str, after: str, limit: int) -> list[Person]:
        rows = await self._db.rows(
            """SELECT id, org_id, name, role, created_at, disabled_at, erased_at FROM people
               WHERE org_id = ? AND id > ? ORDER BY id LIMIT ?""",
            org_id,
            after,
            limit,
        )
        return [person_of(row) for row in rows]

    async def org(self, org_id: str) -> OrgRow | None:
        rows = await self._db.rows("SELECT id, name, created_at FROM orgs WHERE id = ?", org_id)
        return OrgRow(str(rows[0]["id"]), str(rows[0]["name"]), str(rows[0]["created_at"])) if rows else None

    async def rename_org(self, before: OrgRow, name: str) -> bool:
        """False when it is called something else by now."""
        renamed = await self._db.rows(
            "UPDATE orgs SET name = ? WHERE id = ? AND name = ? RETURNING id", name, before.id, before.name
        )
        return bool(renamed)

    async def change_person(self, before: Person, name: str, role: OrgRole) -> bool:
        """False when they are not any more what they were read as, or when nobody would own the org.

        Their groups learn of a name, and so become newer.
        """
        changed, _ = await self._db.batch(
            [
                (
                    """UPDATE people SET name = ?1, role = ?2
                       WHERE id = ?3 AND org_id = ?4 AND name = ?5 AND role = ?6 AND (?2 = 'owner' OR role <> 'owner'
                       OR EXISTS (SELECT 1 FROM people AS others
                                  WHERE others.org_id = ?4 AND others.role = 'owner' AND others.id <> ?3
                                  AND others.disabled_at IS NULL))
                       RETURNING id""",
                    (name, role, before.id, before.org_id, before.name, before.role),
                ),
                (
                    """UPDATE groups SET version = version + 1
                       WHERE id IN (SELECT group_id FROM memberships WHERE user_id = ?)""",
                    (before.id,),
                ),
            ]
        )
        return bool(changed)

    async def open_groups_of(self, user_id: str) -> list[str]:
        """The groups of this person that have a roster which is looked at."""
        rows = await self._db.rows(
            """SELECT groups.id FROM memberships JOIN groups ON groups.id = memberships.group_id
               WHERE memberships.user_id = ? AND groups.status = 'active'""",
            user_id,
        )
        return [str(row["id"]) for row in rows]

    async def attended(self, user_id: str) -> list[str]:
        """The groups in which there may be something that this person said."""
        rows = await self._db.rows(
            """SELECT groups.id FROM attendances JOIN groups ON groups.id = attendances.group_id
               WHERE attendances.user_id = ? AND groups.status NOT IN ('pending', 'deleted') ORDER BY groups.id""",
            user_id,
        )
        return [str(row["id"]) for row in rows]

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
               WHERE groups.id = ?2 AND groups.org_id = ?3 AND {_KNOWN}""",  # noqa: S608 -- constants
            person.id,
            group_id,
            person.org_id,
        )
        return _group(rows[0]) if rows else None

    async def groups_of(self, person: Person, after: str, limit: int, status: str | None, title: str) -> list[GroupRow]:
        """Those this person is in; `title` is how it begins. No LIKE: a pattern of D1's ends at 50 bytes."""
        rows = await self._db.rows(
            f"""SELECT {_GROUP}, memberships.role AS my_role
               FROM memberships JOIN groups ON groups.id = memberships.group_id
               WHERE memberships.user_id = ?1 AND memberships.group_id > ?2 AND groups.org_id = ?3
               AND groups.status NOT IN ('pending', 'deleted') AND groups.status = coalesce(?5, groups.status)
               AND lower(substr(groups.title, 1, length(?6))) = lower(?6)
               ORDER BY memberships.group_id LIMIT ?4""",  # noqa: S608 -- a constant
            person.id,
            after,
            person.org_id,
            limit,
            status,
            title,
        )
        return [_group(row) for row in rows]

    async def joinable_groups(self, person: Person, after: str, limit: int, title: str) -> list[GroupRow]:
        """Public groups of the org that this person is not in, and that are still open."""
        rows = await self._db.rows(
            f"""SELECT {_GROUP}, NULL AS my_role
               FROM groups
               WHERE groups.org_id = ?1 AND groups.id > ?2 AND groups.is_private = 0 AND groups.status = 'active'
               AND NOT EXISTS (SELECT 1 FROM memberships WHERE group_id = groups.id AND user_id = ?3)
               AND lower(substr(groups.title, 1, length(?5))) = lower(?5)
               ORDER BY groups.id LIMIT ?4""",  # noqa: S608 -- a constant
            person.org_id,
            after,
            person.id,
            limit,
            title,
        )
        return [_group(row) for row in rows]

    async def change_group(self, group: GroupRow, title: str, turns: TurnSettings) -> bool:
        """False when the group is not any more what it was read as; then nothing has changed."""
        changed = await self._db.rows(
            """UPDATE groups SET title = ?, turns = ?, version = version + 1
               WHERE id = ? AND org_id = ? AND version = ? AND status = 'active' RETURNING id""",
            title,
            turns_text(turns),
            group.id,
            group.org_id,
            group.version,
        )
        return bool(changed)


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
        _text_or_none(row["erased_at"]),
    )


def _org_role(value: object) -> OrgRole:
    match value:
        case "owner" | "admin" | "member":
            return value
        case _:
            raise ValueError(f"unknown role {value!r}")


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
        version=int(row["version"] or 0),
        my_role=_text_or_none(row["my_role"]),
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
