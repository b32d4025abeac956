"""What an outbox asks of the directory: whom to tell, where, and with which secret.

Law: as in `store`.
"""

import json

from durable_objects.courier import Webhook
from durable_objects.outbox import Subscriber
from shared.ports import Database


class WebhookStore:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def subscribers(self, org_id: str, group_id: str) -> list[Subscriber]:
        """A group that is not there counts as a private one."""
        rows = await self._db.rows(
            """SELECT id, events, private_by IS NOT NULL
                 OR coalesce((SELECT is_private = 0 FROM groups WHERE id = ?2 AND org_id = ?1), 0) AS hears_words
               FROM webhooks WHERE org_id = ?1 AND enabled = 1""",
            org_id,
            group_id,
        )
        return [
            Subscriber(str(row["id"]), frozenset(json.loads(str(row["events"]))), bool(row["hears_words"]))
            for row in rows
        ]

    async def webhook(self, webhook_id: str) -> Webhook | None:
        rows = await self._db.rows("SELECT url, secret, enabled FROM webhooks WHERE id = ?", webhook_id)
        return Webhook(str(rows[0]["url"]), str(rows[0]["secret"]), bool(rows[0]["enabled"])) if rows else None

    async def disable(self, webhook_id: str) -> None:
        await self._db.rows("UPDATE webhooks SET enabled = 0 WHERE id = ?", webhook_id)
