"""A group's session: its certificate, renewed before it ends or when it slept through that, and reports signed with it.

Law: the key stays; only the Orchestrator certifies. A renewal is asked for with the certificate in hand, even when that
has just lapsed: the directory knows whether it is still this group's session.
"""

import json
from collections.abc import Callable, Mapping
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
            renewed = await self._renew(session)
        except Unavailable:
            if session.expires_s > now_s:
                return session
            raise
        self._room.renewed(renewed.session_certificate, renewed.expires_s)
        return self._room.session()

    async def tell(self, target: str, told: Mapping[str, object]) -> bytes:
        """What the Orchestrator answers to a report of this group. Raises Unavailable unless it has taken it in."""
        return await self._post(await self.fresh(), target, told)

    async def _renew(self, session: HeldSession) -> Renewed:
        return Renewed.model_validate_json(await self._post(session, TARGET, {}))

    async def _post(self, session: HeldSession, target: str, told: Mapping[str, object]) -> bytes:
        body = json.dumps({"group_id": self._room.known().group_id, **told}).encode()
        signer = session.signer(self._tokens, "orchestrator", self._origin)
        headers = signer.headers("POST", target, body, now_s=seconds(self._room.clock()), jti=self._new_jti())
        reply = await self._orchestrator.call("POST", target, headers, body)
        if reply.status != _OK:
            raise Unavailable(reason=f"{target} answered {reply.status}")
        return reply.body
