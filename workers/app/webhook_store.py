"""What the App asks of the directory about the webhooks of an org.

Law: as in `store`. Whatever may change which events an org wants to hear of raises the version of its groups, which is
how their controllers know.
"""

import json
from dataclasses import dataclass
from typing import Final

from shared.ports import Database, Row, SqlValue, Statement

WEBHOOKS_LIMIT: Final = 10
_WEBHOOK: Final = "id, label, url, events, enabled, created_at, private_by, private_at"


@dataclass(frozen=True)
class WebhookRow:
    """A webhook as its org may see it: without its secret. `private_by` let it hear what is said in private groups."""

    id: str
    label: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    created_at: str
    private_by: str | None = None
    private_at: str | None = None


class WebhookStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def create(self, org_id: str, webhook: WebhookRow, secret: str) -> bool:
        """False when the org has as many as it may have."""
        made, _ = await self._db.batch(
            [
                (
                    """INSERT INTO webhooks (id, org_id, label, url, events, enabled, created_at, private_by,
                                             private_at, secret)
                       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
                       WHERE (SELECT count(*) FROM webhooks WHERE org_id = ?2) < ?11 RETURNING id""",
                    (
                        webhook.id,
                        org_id,
                        webhook.label,
                        webhook.url,
                        json.dumps(webhook.events),
                        int(webhook.enabled),
                        webhook.created_at,
                        webhook.private_by,
                        webhook.private_at,
                        secret,
                        WEBHOOKS_LIMIT,
                    ),
                ),
                _newer_groups(org_id),
            ]
        )
        return bool(made)

    async def page(self, org_id: str, after: str, limit: int) -> list[WebhookRow]:
        rows = await self._db.rows(
            f"SELECT {_WEBHOOK} FROM webhooks WHERE org_id = ? AND id > ? ORDER BY id LIMIT ?",  # noqa: S608 -- a constant
            org_id,
            after,
            limit,
        )
        return [_row(row) for row in rows]

    async def webhook(self, org_id: str, webhook_id: str) -> WebhookRow | None:
        rows = await self._db.rows(
            f"SELECT {_WEBHOOK} FROM webhooks WHERE id = ? AND org_id = ?",  # noqa: S608 -- a constant
            webhook_id,
            org_id,
        )
        return _row(rows[0]) if rows else None

    async def change(self, org_id: str, before: WebhookRow, after: WebhookRow) -> bool:
        """False when it is not any more what it was read as."""
        new, old = (
            (row.label, row.url, json.dumps(row.events), int(row.enabled), row.private_by, row.private_at)
            for row in (after, before)
        )
        changed, _ = await self._db.batch(
            [
                (
                    """UPDATE webhooks SET label = ?, url = ?, events = ?, enabled = ?, private_by = ?, private_at = ?
                       WHERE id = ? AND org_id = ? AND label = ? AND url = ? AND events = ? AND enabled = ?
                       AND private_by IS ? AND private_at IS ?
                       RETURNING id""",
                    (*new, before.id, org_id, *old),
                ),
                _newer_groups(org_id),
            ]
        )
        return bool(changed)

    async def delete(self, org_id: str, webhook_id: str) -> None:
        await self._db.batch(
            [
                ("DELETE FROM webhooks WHERE id = ? AND org_id = ?", (webhook_id, org_id)),
                _newer_groups(org_id),
            ]
        )

    async def open_groups(self, org_id: str) -> list[str]:
        """The groups that have to know. Others are told when they are opened."""
        rows = await self._db.rows("SELECT id FROM groups WHERE org_id = ? AND status = 'active' ORDER BY id", org_id)
        return [str(row["id"]) for row in rows]


def _newer_groups(org_id: str) -> Statement:
    """Archived ones as well: they may be restored."""
    return ("UPDATE groups SET version = version + 1 WHERE org_id = ? AND status <> 'deleted'", (org_id,))


def _row(row: Row) -> WebhookRow:
    return WebhookRow(
        id=str(row["id"]),
        label=str(row["label"]),
        url=str(row["url"]),
        events=tuple(json.loads(str(row["events"]))),
        enabled=bool(row["enabled"]),
        created_at=str(row["created_at"]),
        private_by=_text_or_none(row["private_by"]),
        private_at=_text_or_none(row["private_at"]),
    )


def _text_or_none(value: SqlValue) -> str | None:
    return None if value is None else str(value)
