"""A session's certificate, renewed before it ends, or when a group that slept through its end is needed again.

Law: the key stays; only the Orchestrator certifies. A renewal is asked for with the certificate in hand, even when that
has just lapsed: the directory knows whether it is still this group's session.
"""

import json
from collections.abc import Callable
from typing import Final

from pydantic import BaseModel

from durable_objects.room import HeldSession, Room
from shared.clock import seconds
from shared.errors import Unavailable
from shared.ports import Peer
from shared.tokens import Tokens

TARGET: Final = "/infra/sessions/renew"
MARGIN_S: Final = 3600
_OK: Final = 200


class Renewed(BaseModel):
    session_certificate: str
    expires_s: int


class Sessions:
    """The session of one group, always with a certificate that has time left."""

    def __init__(self, room: Room, orchestrator: Peer, origin: str, tokens: Tokens, new_jti: Callable[[], str]) -> None:
        self._room = room
        self._orchestrator = orchestrator
        self._origin = origin
        self._tokens = tokens
        self._new_jti = new_jti

    async def fresh(self) -> HeldSession:
        """Raises Unavailable when the certificate has ended and no other is to be had, NotFound before the first."""
        session = self._room.session()
        now_s = seconds(self._room.clock())
        if session.expires_s - now_s > MARGIN_S:
            return session
        try:
            renewed = await self._renew(session, now_s)
        except Unavailable:
            if session.expires_s > now_s:
                return session
            raise
        self._room.renewed(renewed.session_certificate, renewed.expires_s)
        return self._room.session()

    async def _renew(self, session: HeldSession, now_s: int) -> Renewed:
        body = json.dumps({"group_id": self._room.known().group_id}).encode()
        signer = session.signer(self._tokens, "orchestrator", self._origin)
        headers = signer.headers("POST", TARGET, body, now_s=now_s, jti=self._new_jti())
        reply = await self._orchestrator.call("POST", TARGET, headers, body)
        if reply.status != _OK:
            raise Unavailable(reason=f"renewal answered {reply.status}")
        return Renewed.model_validate_json(reply.body)
