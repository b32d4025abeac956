"""Who may open a socket to a group: the checks before the upgrade is passed on.

Law: pure and stateless. A token comes as a subprotocol or in the query, never in both; a page of a foreign web origin
is refused whatever token it holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from shared.errors import AmbiguousCredential, Forbidden, InvalidCredential, MethodNotAllowed, UpgradeRequired
from shared.keys import PublicKey
from shared.protocol import BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL
from shared.routing import verify_routing_token
from shared.tokens import RoutingClaims, Tokens


@dataclass(frozen=True)
class UpgradeRequest:
    """The parts of an upgrade that admission looks at; header names in lower case."""

    method: str
    group_id: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Admission:
    claims: RoutingClaims
    subprotocol: str | None


@dataclass(frozen=True)
class Doorkeeper:
    tokens: Tokens
    keys: Mapping[str, PublicKey]
    allowed_origins: tuple[str, ...]

    def admit(self, request: UpgradeRequest, controller_id: str, now_s: int) -> Admission:
        """Raises MethodNotAllowed, UpgradeRequired, Forbidden, AmbiguousCredential, InvalidCredential."""
        if request.method != "GET":
            raise MethodNotAllowed.but("GET")
        if request.headers.get("upgrade", "").strip().lower() != "websocket":
            raise UpgradeRequired
        origin = request.headers.get("origin")
        if origin is not None and origin not in self.allowed_origins:
            raise Forbidden("Pages of this origin may not connect")
        offered = [
            part.strip() for part in request.headers.get("sec-websocket-protocol", "").split(",") if part.strip()
        ]
        bearers = [
            p.removeprefix(BEARER_SUBPROTOCOL_PREFIX) for p in offered if p.startswith(BEARER_SUBPROTOCOL_PREFIX)
        ]
        candidates = bearers + parse_qs(request.query, keep_blank_values=True).get("token", [])
        if len(candidates) > 1:
            raise AmbiguousCredential
        if not candidates:
            raise InvalidCredential(reason="no routing token")
        claims = verify_routing_token(self.tokens, candidates[0], self.keys, request.group_id, controller_id, now_s)
        return Admission(claims, SUBPROTOCOL if SUBPROTOCOL in offered else None)


def group_of(path: str) -> str | None:
    """The group id of `/groups/{id}/ws`; None for any other path."""
    match path.split("/"):
        case ["", "groups", group_id, "ws"]:
            return group_id
        case _:
            return None
