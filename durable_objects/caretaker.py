"""The slow part of a group's life: what reads and writes the bucket and talks to the Orchestrator about it.

Law: wiring and order; one thing at a time. What archiving, restoring and deleting are is decided elsewhere.
"""

import asyncio
import secrets
from typing import Any

from durable_objects.archive_store import R2ArchiveStore
from durable_objects.archiver import Archiver
from durable_objects.calls import Archive, ControllerCall, DeleteGroup, ErasePerson
from durable_objects.effects import Effect
from durable_objects.group import Group
from durable_objects.reloading import Reloader, log_needed
from durable_objects.renewal import Sessions
from durable_objects.usage import report_usage
from durable_objects.webhook_feed import HandingOver, Outboxes
from shared.edge.crypto import new_jti
from shared.tokens import Tokens


def new_seal() -> str:
    return secrets.token_hex(32)


class Caretaker:
    """`bucket` is the raw binding."""

    def __init__(self, group: Group, sessions: Sessions, bucket: Any, tokens: Tokens, outboxes: Outboxes) -> None:
        store = R2ArchiveStore(bucket, group.room.journal)
        self._room = group.room
        self._sessions = sessions
        self._reloader = Reloader(group.room, store)
        self._archiver = Archiver(group, sessions, store, tokens, new_jti, new_seal)
        self._handing_over = HandingOver(group.rules.webhooks, outboxes)
        self._one_at_a_time = asyncio.Lock()

    async def prepare(self, call: ControllerCall) -> None:
        """What must be there before the group can answer. Raises ParleyError."""
        needed = log_needed(call)
        if needed is not None:
            async with self._one_at_a_time:
                await self._reloader.load(needed)

    async def complete(self, call: ControllerCall) -> list[Effect]:
        """What the caller waits for. Raises ParleyError: the alarm tries again."""
        return await self.settle() if isinstance(call, Archive | DeleteGroup | ErasePerson) else []

    async def settle(self) -> list[Effect]:
        """Carries a begun archive or deletion through. Raises ParleyError."""
        async with self._one_at_a_time:
            return await self._archiver.finish()

    async def report_usage(self) -> None:
        """Raises ParleyError."""
        await report_usage(self._room, self._sessions)

    async def hand_over(self) -> None:
        """Raises ParleyError."""
        await self._handing_over()

    async def keep_session(self) -> None:
        """Raises ParleyError."""
        await self._sessions.fresh()
