"""Sessions of Group Controllers: a fresh key, a certificate that binds it, and the roster to begin with.

Law: the private key goes to the caller (the contract) and to the Group Controller, and is kept nowhere else. A caller
that brings a key of its own gets no other: the session's stays with the Group Controller, which goes on working, and
the caller gets a second certificate of the same session for the key it brought.
"""

from dataclasses import dataclass

from durable_objects.calls import OpenSession, Roster
from orchestrator.ports import OrchestratorPorts
from shared.clock import seconds
from shared.errors import NotFound
from shared.keys import PrivateKey, PublicKey
from shared.tokens import ORCHESTRATOR, SESSION, Confirmation, SessionClaims


@dataclass(frozen=True)
class OpenedSession:
    """`private_key` is None for a caller that holds its own."""

    controller_id: str
    private_key: PrivateKey | None
    certificate: str


async def open_session(
    ports: OrchestratorPorts, group_id: str, asked_for_by: str | None = None, callers_key: PublicKey | None = None
) -> OpenedSession:
    """Opens a group's session, or replaces it by one of a higher epoch.

    Raises NotFound when there is no such group, or when the person it is asked for is not in it; Unavailable.
    """
    roster = await ports.store.roster(group_id)
    if roster is None or asked_for_by not in {None, *(member.id for member in roster.members)}:
        raise NotFound
    controller_id = ports.controllers.controller_id(group_id)
    key = await ports.new_private_key()
    epoch = await ports.store.next_session(group_id, controller_id)
    certificate, expires_s = certify(ports, controller_id, roster, key.public, epoch)
    call = OpenSession(
        controller_id=controller_id,
        session_epoch=epoch,
        private_key=key,
        certificate=certificate,
        certificate_expires_s=expires_s,
        roster=roster,
    )
    await ports.controllers.ask(group_id, call)
    if callers_key is None:
        return OpenedSession(controller_id, key, certificate)
    callers_certificate, _ = certify(ports, controller_id, roster, callers_key, epoch)
    return OpenedSession(controller_id, None, callers_certificate)


def certify(
    ports: OrchestratorPorts, controller_id: str, roster: Roster, key: PublicKey, epoch: int
) -> tuple[str, int]:
    """A certificate for the holder of this key, and when it ends (Unix seconds)."""
    now_s = seconds(ports.clock())
    claims = SessionClaims(
        iss=ORCHESTRATOR,
        sub=controller_id,
        aud=["agents", "orchestrator"],
        gid=roster.group_id,
        sep=epoch,
        agents=[agent.id for agent in roster.agents],
        scope="group",
        cnf=Confirmation(jwk=key),
        iat=now_s,
        exp=now_s + SESSION.life_s,
        jti=ports.new_jti(),
    )
    return ports.tokens.issue(SESSION, claims, ports.signing_key), claims.exp
