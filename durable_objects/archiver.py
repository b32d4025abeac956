"""Carrying the end of a group through: archive, verify, tell the Orchestrator; or delete, without losing track.

Law: every step can be repeated, and none is left out. The group stays as it is until the directory knows where its
verified archive lies; the directory forgets it before the bucket does, and the bucket before the group.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from durable_objects.archive import ArchiveStore, ArchiveWriter, archives_of
from durable_objects.effects import Effect
from durable_objects.group import Group
from durable_objects.renewal import Sessions
from shared.clock import seconds
from shared.errors import Unavailable
from shared.ports import Peer
from shared.tokens import Tokens

TARGET: Final = "/infra/cleanup"
_OK: Final = 200


class Archiver:
    """`origin` is the Orchestrator's; `new_key` gives 32 random bytes in hex."""

    def __init__(
        self,
        group: Group,
        sessions: Sessions,
        store: ArchiveStore,
        orchestrator: Peer,
        origin: str,
        tokens: Tokens,
        new_jti: Callable[[], str],
        new_key: Callable[[], str],
    ) -> None:
        self._group = group
        self._sessions = sessions
        self._store = store
        self._orchestrator = orchestrator
        self._origin = origin
        self._tokens = tokens
        self._new_jti = new_jti
        self._writer = ArchiveWriter(store, tokens, new_jti, new_key)

    async def finish(self) -> list[Effect]:
        """Goes on with what was begun; what to do afterwards. Raises Unavailable: the alarm tries again."""
        effects: list[Effect] = []
        if self._group.room.status == "archiving":
            effects += await self._archive()
        if self._group.room.status == "deleting":
            await self._delete()
        return effects

    async def _archive(self) -> list[Effect]:
        room = self._group.room
        await self._sessions.fresh()
        reason = room.archive_reason()
        # First of all, so that meanwhile nobody changes in the directory what the log can take no more.
        await self._report({"reason": reason, "begun": True})
        written = await self._writer.write(room, reason)
        await self._report({"reason": reason, "r2_path": written.key, "head": written.head}, "archived")
        return self._group.archived()

    async def _delete(self) -> None:
        roster = self._group.room.known()
        await self._sessions.fresh()
        await self._report({"reason": self._group.room.deletion_reason(), "deleted": True}, "deleted")
        await self._store.remove_all(archives_of(roster.org_id, roster.group_id))
        self._group.deleted()

    async def _report(self, told: Mapping[str, object], status: str | None = None) -> None:
        """Raises Unavailable unless the directory has taken it in, and says that this is how it is now."""
        room = self._group.room
        signer = room.session().signer(self._tokens, "orchestrator", self._origin)
        body = json.dumps({"group_id": room.known().group_id, **told}).encode()
        headers = signer.headers("POST", TARGET, body, now_s=seconds(room.clock()), jti=self._new_jti())
        reply = await self._orchestrator.call("POST", TARGET, headers, body)
        if reply.status != _OK or (status is not None and json.loads(reply.body).get("status") != status):
            raise Unavailable(reason=f"cleanup answered {reply.status}")
