"""Reading a routing token: verified without any state, by the Orchestrator at connect and in the group at refresh."""

from collections.abc import Mapping

from shared.errors import InvalidCredential
from shared.keys import PublicKey
from shared.tokens import ORCHESTRATOR, ROUTING, RoutingClaims, Tokens


def routing_audience(controller_id: str) -> str:
    return f"urn:groupchat:gc:{controller_id}"


def verify_routing_token(
    tokens: Tokens, token: str, keys: Mapping[str, PublicKey], group_id: str, controller_id: str, now_s: int
) -> RoutingClaims:
    """Raises InvalidCredential unless this token leads into this very group."""
    claims = tokens.verify(ROUTING, token, keys, issuer=ORCHESTRATOR, now_s=now_s)
    if claims.gid != group_id or claims.aud != routing_audience(controller_id):
        raise InvalidCredential(reason="another group's routing token")
    return claims
