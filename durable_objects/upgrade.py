"""Turning an admitted upgrade request into a socket of the group.

Law: who may come was decided by the Orchestrator, from a signed token; whether this person still is a member is read
here once more. The claims travel in a header that only a binding can set.
"""

from typing import Any, Final

import js

from durable_objects.effects import Session
from durable_objects.frames import SESSION_LIFE_MS
from durable_objects.group import Group
from durable_objects.sockets import Sockets
from shared.edge.crypto import make_id
from shared.edge.js import js_object
from shared.protocol import SUBPROTOCOL
from shared.tokens import RoutingClaims

CLAIMS_HEADER: Final = "X-Parley-Claims"
SUBPROTOCOL_HEADER: Final = "X-Parley-Subprotocol"


def accept_upgrade(request: Any, group: Group, sockets: Sockets, now_ms: int) -> tuple[Any, Session]:
    """The 101 response and the new session. Raises Forbidden, GroupArchived, TooManyRequests, InvalidCredential."""
    claims = RoutingClaims.model_validate_json(request.headers.get(CLAIMS_HEADER))
    group.admit(claims)
    session = Session(make_id("ses"), claims.sub, now_ms, now_ms + SESSION_LIFE_MS, access=claims.mv)
    client, server = js.WebSocketPair.new().object_values()
    sockets.accept(server, session)
    options = js_object({"status": 101})
    options.webSocket = client
    if request.headers.get(SUBPROTOCOL_HEADER) == SUBPROTOCOL:
        options.headers = js_object({"Sec-WebSocket-Protocol": SUBPROTOCOL})
    return js.Response.new(None, options), session
