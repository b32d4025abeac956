"""Carrying an archive through: write, verify, tell the Orchestrator, say good-bye.

Law: every step can be repeated. The group stays as it is until the directory knows where its verified archive lies.
"""

import json
from typing import Final

from durable_objects.archive import ArchiveStore, write_archive
from durable_objects.effects import Effect
from durable_objects.group import Group
from durable_objects.renewal import Sessions
from shared.clock import seconds
from shared.edge.crypto import new_jti
from shared.edge.peer import BoundPeer
from shared.errors import Unavailable
from shared.tokens import Tokens

_TARGET: Final = "/infra/cleanup"
_OK: Final = 200


class Archiver:
    def __init__(
        self, group: Group, sessions: Sessions, store: ArchiveStore, orchestrator: BoundPeer, tokens: Tokens
    ) -> None:
        self._group = group
        self._sessions = sessions
        self._store = store
        self._orchestrator = orchestrator
        self._tokens = tokens

    async def finish(self) -> list[Effect]:
        """Archives a group that is `archiving`; what to do afterwards. Raises Unavailable: the alarm tries again."""
        room = self._group.room
        if room.status != "archiving":
            return []
        await self._sessions.fresh()
        reason = room.archive_reason()
        key = await write_archive(room, self._store, self._tokens, reason, new_jti)
        await self._report(key, reason)
        return self._group.archived()

    async def _report(self, key: str, reason: str) -> None:
        room = self._group.room
        signer = room.session().signer(self._tokens, "orchestrator", self._orchestrator.origin)
        body = json.dumps({"group_id": room.known().group_id, "reason": reason, "r2_path": key}).encode()
        headers = signer.headers("POST", _TARGET, body, now_s=seconds(room.clock()), jti=new_jti())
        reply = await self._orchestrator.call("POST", _TARGET, headers, body)
        if reply.status != _OK or json.loads(reply.body).get("status") != "archived":
            raise Unavailable(reason=f"cleanup answered {reply.status}")
