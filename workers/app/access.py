"""Every statement about who may come in: tokens, disabled people, and whom an identity provider knows.

Law: as in `store`. Whatever takes access away raises the person's access version in the same transaction: routing
tokens and sockets of an older one are no longer good.
"""

from dataclasses import dataclass

from app.store import Person, person_of
from shared.ports import Database, Row, Statement

_RAISE = "UPDATE people SET access_version = access_version + 1 WHERE id = ?"


@dataclass(frozen=True)
class TokenRow:
    """A bearer token as its holder may see it: nothing of the token itself."""

    id: str
    label: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class AccessStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def tokens(self, user_id: str, after: str, limit: int) -> list[TokenRow]:
        rows = await self._db.rows(
            """SELECT id, label, created_at, expires_at, revoked_at FROM tokens
               WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?""",
            user_id,
            after,
            limit,
        )
        return [_token(row) for row in rows]

    async def token(self, user_id: str, token_id: str) -> TokenRow | None:
        rows = await self._db.rows(
            "SELECT id, label, created_at, expires_at, revoked_at FROM tokens WHERE user_id = ? AND id = ?",
            user_id,
            token_id,
        )
        return _token(rows[0]) if rows else None

    async def revoke_token(self, user_id: str, token_id: str, now: str) -> None:
        """The first time counts; again changes nothing."""
        revocable = "SELECT 1 FROM tokens WHERE id = ? AND user_id = ? AND revoked_at IS NULL"
        await self._db.batch(
            [
                (f"{_RAISE} AND EXISTS ({revocable})", (user_id, token_id, user_id)),
                (
                    "UPDATE tokens SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL",
                    (now, token_id, user_id),
                ),
            ]
        )

    async def disable(self, user_id: str, org_id: str, now: str) -> None:
        """Disables a person and revokes all their tokens; the last owner of an org stays as they are."""
        disabling = """UPDATE people SET disabled_at = ?1, access_version = access_version + 1
                       WHERE id = ?2 AND org_id = ?3 AND disabled_at IS NULL AND (role <> 'owner' OR EXISTS (
                         SELECT 1 FROM people AS others WHERE others.org_id = ?3 AND others.role = 'owner'
                         AND others.id <> ?2 AND others.disabled_at IS NULL))"""
        revoking = """UPDATE tokens SET revoked_at = ?1 WHERE user_id = ?2 AND revoked_at IS NULL
                      AND EXISTS (SELECT 1 FROM people WHERE id = ?2 AND disabled_at IS NOT NULL)"""
        await self._db.batch([(disabling, (now, user_id, org_id)), (revoking, (now, user_id))])

    async def enable(self, user_id: str) -> None:
        """Lets a person come in again. What was revoked stays revoked."""
        await self._db.rows("UPDATE people SET disabled_at = NULL WHERE id = ? AND erased_at IS NULL", user_id)

    async def erase(self, user_id: str, org_id: str, now: str) -> None:
        """Lets go of a person for good; the last owner of an org stays as they are.

        What is left is an id, so that what they did still has somebody who did it. Where they alone owned a group,
        whoever has been in it longest owns it.
        """
        leaving = """UPDATE people SET name = 'Erased', role = 'member', erased_at = ?1,
                       disabled_at = coalesce(disabled_at, ?1), access_version = access_version + 1
                     WHERE id = ?2 AND org_id = ?3 AND erased_at IS NULL AND (role <> 'owner' OR EXISTS (
                       SELECT 1 FROM people AS others WHERE others.org_id = ?3 AND others.role = 'owner'
                       AND others.id <> ?2 AND others.disabled_at IS NULL))"""
        theirs = """group_id IN (SELECT group_id FROM memberships WHERE user_id = ?1)
                    AND EXISTS (SELECT 1 FROM people WHERE id = ?1 AND erased_at IS NOT NULL)"""
        heirs = f"""UPDATE memberships SET role = 'owner' WHERE {theirs}
                    AND NOT EXISTS (SELECT 1 FROM memberships AS owners WHERE owners.group_id = memberships.group_id
                                    AND owners.role = 'owner' AND owners.user_id <> ?1)
                    AND user_id = (SELECT heirs.user_id FROM memberships AS heirs
                                   WHERE heirs.group_id = memberships.group_id AND heirs.user_id <> ?1
                                   ORDER BY heirs.created_at, heirs.user_id LIMIT 1)"""  # noqa: S608 -- constants
        newer = f"UPDATE groups SET version = version + 1 WHERE {theirs.replace('group_id IN', 'id IN')}"  # noqa: S608
        gone = "AND EXISTS (SELECT 1 FROM people WHERE id = ?1 AND erased_at IS NOT NULL)"
        await self._db.batch(
            [
                (leaving, (now, user_id, org_id)),
                (heirs, (user_id,)),
                (newer, (user_id,)),
                (f"DELETE FROM memberships WHERE user_id = ?1 {gone}", (user_id,)),  # noqa: S608
                (f"DELETE FROM tokens WHERE user_id = ?1 {gone}", (user_id,)),  # noqa: S608
                (f"DELETE FROM identities WHERE user_id = ?1 {gone}", (user_id,)),  # noqa: S608
                (f"DELETE FROM kept_answers WHERE subject = ?1 {gone}", (user_id,)),  # noqa: S608
            ]
        )

    # ── people of an identity provider ──────────────────────────────────────────────────────────────────────────────

    async def person_of_identity(self, issuer: str, subject: str, org_id: str) -> Person | None:
        """Whom the provider knows by this name, disabled or not."""
        rows = await self._db.rows(
            """SELECT people.id, people.org_id, people.name, people.role, people.created_at, people.disabled_at,
                      people.erased_at
               FROM identities JOIN people ON people.id = identities.user_id
               WHERE identities.issuer = ? AND identities.subject = ? AND people.org_id = ?""",
            issuer,
            subject,
            org_id,
        )
        return person_of(rows[0]) if rows else None

    async def provision(self, newcomer: Person, issuer: str, subject: str) -> None:
        """Makes a person of an identity, unless somebody else has just done so: of many at once, one counts."""
        person = """INSERT INTO people (id, org_id, name, role, created_at) SELECT ?1, ?2, ?3, ?4, ?5
                    WHERE NOT EXISTS (SELECT 1 FROM identities WHERE issuer = ?6 AND subject = ?7)"""
        identity = """INSERT INTO identities (issuer, subject, user_id, created_at) SELECT ?1, ?2, ?3, ?4
                      WHERE EXISTS (SELECT 1 FROM people WHERE id = ?3)"""
        row = (newcomer.id, newcomer.org_id, newcomer.name, newcomer.role, newcomer.created_at)
        await self._db.batch(
            [(person, (*row, issuer, subject)), (identity, (issuer, subject, newcomer.id, newcomer.created_at))]
        )


def insert_token(
    token_id: str, user_id: str, sha256: str, label: str, created_at: str, expires_at: str | None
) -> Statement:
    return (
        "INSERT INTO tokens (id, user_id, sha256, label, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        (token_id, user_id, sha256, label, created_at, expires_at),
    )


def _token(row: Row) -> TokenRow:
    return TokenRow(
        id=str(row["id"]),
        label=str(row["label"]),
        created_at=str(row["created_at"]),
        expires_at=_text_or_none(row["expires_at"]),
        revoked_at=_text_or_none(row["revoked_at"]),
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)
