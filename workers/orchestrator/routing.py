"""Issuing routing tokens: a person's way into one group for a minute, given to members alone."""

from orchestrator.ports import OrchestratorPorts
from orchestrator.sessions import reopened_unless_believed
from shared.clock import seconds
from shared.errors import GroupArchived, GroupArchiving, NotFound
from shared.routing import routing_audience
from shared.tokens import ORCHESTRATOR, ROUTING, RoutingClaims


async def issue_routing_token(ports: OrchestratorPorts, group_id: str, user_id: str) -> tuple[str, int]:
    """The token and when it expires (Unix seconds).

    Raises NotFound for who is not a member, or disabled; GroupArchiving, GroupArchived, Unavailable.
    """
    membership = await ports.store.membership(group_id, user_id)
    if membership is None:
        raise NotFound
    if membership.status != "active":
        raise GroupArchiving if membership.status == "archiving" else GroupArchived
    await reopened_unless_believed(ports, group_id, membership.session_kid)
    now_s = seconds(ports.clock())
    claims = RoutingClaims.model_validate(
        {
            "iss": ORCHESTRATOR,
            "sub": user_id,
            "aud": routing_audience(membership.controller_id),
            "gid": group_id,
            "role": membership.role,
            "mv": membership.access_version,
            "iat": now_s,
            "exp": now_s + ROUTING.life_s,
            "jti": ports.new_jti(),
        }
    )
    return ports.tokens.issue(ROUTING, claims, ports.signing_key), claims.exp
