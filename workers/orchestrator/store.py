"""Every statement the Orchestrator sends to the directory.

Law: SQL is here and nowhere else in this Worker.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from durable_objects.calls import Roster
from shared.keys import PublicKey
from shared.ports import Database, Row
from shared.protocol import TurnSettings
from shared.usage import UsedOnDay


@dataclass(frozen=True)
class GroupRow:
    id: str
    org_id: str
    status: str
    version: int
    controller_id: str | None
    session_epoch: int
    session_kid: str | None


@dataclass(frozen=True)
class MembershipRow:
    """A person's place in one group, which may be over."""

    status: str
    role: str
    controller_id: str
    access_version: int
    session_kid: str | None


@dataclass(frozen=True)
class AccessRow:
    """How a person stands: `may_return` when they have something left to sign in with."""

    version: int
    may_return: bool


@lru_cache(maxsize=64)
def _public_key(jwk: str) -> PublicKey:
    """Whether it is still valid is read every time; what it is does not change."""
    return PublicKey.model_validate(json.loads(jwk))


class Store:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def app_key(self, kid: str, now: str) -> tuple[str, PublicKey] | None:
        """The app and the key of this id, when it is valid at `now` (RFC 3339)."""
        rows = await self._db.rows(
            """SELECT app_id, jwk FROM app_keys WHERE kid = ?1
               AND not_before <= ?2 AND (not_after IS NULL OR not_after > ?2) AND revoked_at IS NULL""",
            kid,
            now,
        )
        if not rows:
            return None
        key = _public_key(str(rows[0]["jwk"]))
        return (str(rows[0]["app_id"]), key) if key.thumbprint == kid else None

    async def user_of_token(self, sha256: str, now: str) -> str | None:
        rows = await self._db.rows(
            """SELECT tokens.user_id FROM tokens JOIN people ON people.id = tokens.user_id
               WHERE tokens.sha256 = ?1 AND people.disabled_at IS NULL
               AND tokens.revoked_at IS NULL AND (tokens.expires_at IS NULL OR tokens.expires_at > ?2)""",
            sha256,
            now,
        )
        return str(rows[0]["user_id"]) if rows else None

    async def group(self, group_id: str) -> GroupRow | None:
        rows = await self._db.rows(
            """SELECT id, org_id, status, version, group_controller_id, session_epoch, session_kid FROM groups
               WHERE id = ?""",
            group_id,
        )
        return _group(rows[0]) if rows else None

    async def membership(self, group_id: str, user_id: str) -> MembershipRow | None:
        """None when the group was never opened or is deleted, or this person is not in it, or disabled."""
        rows = await self._db.rows(
            """SELECT groups.status, memberships.role, groups.group_controller_id, groups.session_kid,
                      people.access_version
               FROM memberships JOIN groups ON groups.id = memberships.group_id
               JOIN people ON people.id = memberships.user_id
               WHERE memberships.group_id = ? AND memberships.user_id = ? AND people.disabled_at IS NULL
               AND groups.status IN ('active', 'archiving', 'archived')""",
            group_id,
            user_id,
        )
        if not rows or rows[0]["group_controller_id"] is None:
            return None
        row = rows[0]
        return MembershipRow(
            status=str(row["status"]),
            role=str(row["role"]),
            controller_id=str(row["group_controller_id"]),
            access_version=_int(row["access_version"]),
            session_kid=_text(row["session_kid"]),
        )

    async def access(self, user_id: str, now: str) -> AccessRow | None:
        """None when there is no such person."""
        rows = await self._db.rows(
            """SELECT access_version, disabled_at IS NULL AND (
                 EXISTS (SELECT 1 FROM tokens WHERE user_id = people.id AND revoked_at IS NULL
                         AND (expires_at IS NULL OR expires_at > ?2))
                 OR EXISTS (SELECT 1 FROM identities WHERE user_id = people.id)) AS may_return
               FROM people WHERE id = ?1""",
            user_id,
            now,
        )
        return AccessRow(_int(rows[0]["access_version"]), bool(rows[0]["may_return"])) if rows else None

    async def open_groups_of(self, user_id: str) -> list[str]:
        """The groups of this person in which there may be sockets."""
        rows = await self._db.rows(
            """SELECT memberships.group_id FROM memberships JOIN groups ON groups.id = memberships.group_id
               WHERE memberships.user_id = ? AND groups.status IN ('active', 'archiving') ORDER BY groups.id""",
            user_id,
        )
        return [str(row["group_id"]) for row in rows]

    async def roster(self, group_id: str) -> Roster | None:
        groups = await self._db.rows(
            "SELECT org_id, title, history_visibility, turns, version FROM groups WHERE id = ?", group_id
        )
        if not groups:
            return None
        members = await self._db.rows(
            """SELECT people.id, people.name, memberships.role FROM memberships
               JOIN people ON people.id = memberships.user_id WHERE memberships.group_id = ? ORDER BY people.id""",
            group_id,
        )
        agents = await self._db.rows(
            """SELECT agents.id, agents.handle, agents.name, agents.provider, agents.model, agents.instructions,
                      agents.tools
               FROM group_agents JOIN agents ON agents.id = group_agents.agent_id
               WHERE group_agents.group_id = ? AND agents.deleted_at IS NULL ORDER BY agents.id""",
            group_id,
        )
        listening = await self._db.rows(
            "SELECT events FROM webhooks WHERE org_id = ? AND enabled = 1", groups[0]["org_id"]
        )
        hooks = {name for row in listening for name in json.loads(str(row["events"]))}
        return Roster.model_validate(
            {
                **groups[0],
                "group_id": group_id,
                "hooks": sorted(hooks),
                "members": members,
                "agents": [{**agent, "tools": json.loads(str(agent["tools"]))} for agent in agents],
                "turns": TurnSettings.model_validate_json(str(groups[0]["turns"])),
            }
        )

    async def next_session(self, group_id: str) -> int:
        """The epoch of the session that comes after the one this group has."""
        rows = await self._db.rows("SELECT session_epoch + 1 AS epoch FROM groups WHERE id = ?", group_id)
        return _int(rows[0]["epoch"])

    async def session_opened(self, group_id: str, controller_id: str, epoch: int, kid: str, told_version: int) -> None:
        """A controller has the session of this epoch, certified by this key, and with it the roster of that version."""
        await self._db.rows(
            """UPDATE groups SET session_epoch = max(session_epoch, ?), group_controller_id = ?, session_kid = ?,
                                 told_version = max(told_version, ?) WHERE id = ?""",
            epoch,
            controller_id,
            kid,
            told_version,
            group_id,
        )

    async def session_renewed(self, group_id: str, kid: str) -> None:
        """The same session, certified by another key."""
        await self._db.rows("UPDATE groups SET session_kid = ? WHERE id = ?", kid, group_id)

    async def group_told(self, group_id: str, version: int) -> None:
        """Its controller knows the roster of this version."""
        await self._db.rows(
            "UPDATE groups SET told_version = ?2 WHERE id = ?1 AND told_version < ?2", group_id, version
        )

    async def groups_behind(self, limit: int) -> list[str]:
        """Groups whose controllers have not heard of their latest roster. Any of them: what fails each time must not
        stand before all others.
        """
        rows = await self._db.rows(
            """SELECT id FROM groups WHERE told_version < version AND status = 'active' AND id > ''
               ORDER BY random() LIMIT ?""",
            limit,
        )
        return [str(row["id"]) for row in rows]

    async def access_told(self, user_id: str, version: int) -> None:
        """All groups of this person know of that access version."""
        await self._db.rows("UPDATE people SET told_access = ?2 WHERE id = ?1 AND told_access < ?2", user_id, version)

    async def people_behind(self, limit: int) -> list[str]:
        """People whose groups have not all heard that access was taken away; any of them, as above."""
        rows = await self._db.rows(
            "SELECT id FROM people WHERE told_access < access_version AND id > '' ORDER BY random() LIMIT ?", limit
        )
        return [str(row["id"]) for row in rows]

    async def name_of(self, org_id: str, user_id: str) -> str | None:
        rows = await self._db.rows("SELECT name FROM people WHERE id = ? AND org_id = ?", user_id, org_id)
        return str(rows[0]["name"]) if rows else None

    async def set_status(self, group_id: str, status: str, *, was: str) -> None:
        await self._db.rows("UPDATE groups SET status = ? WHERE id = ? AND status = ?", status, group_id, was)

    async def set_archived(self, group_id: str, archived_at: str, r2_path: str, head: str | None) -> None:
        """Of a group that is being archived, once; but an archive of another epoch is another one."""
        await self._db.rows(
            """UPDATE groups SET status = 'archived', archived_at = ?1, r2_path = ?2, archive_head = ?3
               WHERE id = ?4 AND (status = 'archiving' OR (status = 'archived' AND r2_path <> ?2))""",
            archived_at,
            r2_path,
            head,
            group_id,
        )

    async def set_restored(self, group_id: str, r2_path: str) -> None:
        """Active again, when that archive is still its latest."""
        await self._db.rows(
            """UPDATE groups SET status = 'active', archived_at = NULL, r2_path = NULL
               WHERE id = ? AND status = 'archived' AND r2_path = ?""",
            group_id,
            r2_path,
        )

    async def set_deleted(self, group_id: str, deleted_at: str) -> None:
        """Leaves the tombstone of an archived group, and nothing that says what it was about or who was in it."""
        if_archived = "SELECT id FROM groups WHERE id = ? AND status = 'archived'"
        await self._db.batch(
            [
                (f"DELETE FROM memberships WHERE group_id IN ({if_archived})", (group_id,)),  # noqa: S608 -- constants
                (f"DELETE FROM group_agents WHERE group_id IN ({if_archived})", (group_id,)),  # noqa: S608
                (
                    """UPDATE groups SET status = 'deleted', deleted_at = ?, title = '', r2_path = NULL
                       WHERE id = ? AND status = 'archived'""",
                    (deleted_at, group_id),
                ),
            ]
        )

    async def archived(self, group_id: str) -> tuple[str, str, str] | None:
        """When it was, where its archive lies, and how that archive's chain ends."""
        rows = await self._db.rows(
            "SELECT archived_at, r2_path, archive_head FROM groups WHERE id = ? AND status = 'archived'", group_id
        )
        if not rows:
            return None
        row = rows[0]
        return str(row["archived_at"]), str(row["r2_path"]), str(row["archive_head"])

    async def set_rewritten(self, group_id: str, r2_path: str, head: str) -> None:
        """The same log without somebody's words, so its chain ends in the same hash; when it was archived stays."""
        await self._db.rows(
            "UPDATE groups SET r2_path = ? WHERE id = ? AND status = 'archived' AND archive_head = ?",
            r2_path,
            group_id,
            head,
        )

    async def org_of_erased(self, user_id: str) -> str | None:
        """None for somebody whom the directory has not let go of."""
        rows = await self._db.rows("SELECT org_id FROM people WHERE id = ? AND erased_at IS NOT NULL", user_id)
        return str(rows[0]["org_id"]) if rows else None

    async def groups_to_erase(self, user_id: str) -> list[str]:
        """The groups that may still have this person's words."""
        rows = await self._db.rows(
            """SELECT groups.id FROM attendances JOIN groups ON groups.id = attendances.group_id
               WHERE attendances.user_id = ? AND attendances.erased_at IS NULL
               AND groups.status NOT IN ('pending', 'deleted') ORDER BY groups.id""",
            user_id,
        )
        return [str(row["id"]) for row in rows]

    async def set_erased(self, user_id: str, group_id: str, erased_at: str) -> None:
        await self._db.rows(
            "UPDATE attendances SET erased_at = ? WHERE user_id = ? AND group_id = ?", erased_at, user_id, group_id
        )

    async def set_usage(self, group: GroupRow, used: Sequence[UsedOnDay]) -> None:
        """Totals only grow: hearing one twice, or an older one late, changes nothing."""
        await self._db.batch(
            [
                (
                    """INSERT INTO usage (org_id, group_id, agent_id, day, runs, requests, input_tokens, output_tokens,
                                          tool_calls)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                       ON CONFLICT DO UPDATE SET
                           runs = max(runs, excluded.runs), requests = max(requests, excluded.requests),
                           input_tokens = max(input_tokens, excluded.input_tokens),
                           output_tokens = max(output_tokens, excluded.output_tokens),
                           tool_calls = max(tool_calls, excluded.tool_calls)""",
                    (
                        group.org_id,
                        group.id,
                        one.agent_id,
                        one.day.isoformat(),
                        one.runs,
                        one.requests,
                        one.input_tokens,
                        one.output_tokens,
                        one.tool_calls,
                    ),
                )
                for one in used
            ]
        )


def _group(row: Row) -> GroupRow:
    return GroupRow(
        id=str(row["id"]),
        org_id=str(row["org_id"]),
        status=str(row["status"]),
        version=_int(row["version"]),
        controller_id=_text(row["group_controller_id"]),
        session_epoch=_int(row["session_epoch"]),
        session_kid=_text(row["session_kid"]),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"an integer column held {type(value).__name__}")
    return value
