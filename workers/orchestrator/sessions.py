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
    opening = await prepared_session(ports, group_id)
    if asked_for_by not in {None, *(member.id for member in opening.roster.members)}:
        raise NotFound
    await ports.controllers.ask(group_id, opening)
    # Only now: a session that its controller never heard of must not take the place of the one it has.
    await note_opened(ports, group_id, opening)
    if callers_key is None:
        return OpenedSession(opening.controller_id, opening.private_key, opening.certificate)
    certificate, _ = certify(ports, opening.controller_id, opening.roster, callers_key, opening.session_epoch)
    return OpenedSession(opening.controller_id, None, certificate)


async def note_opened(ports: OrchestratorPorts, group_id: str, opening: OpenSession) -> None:
    """The group's controller has taken this session."""
    kid, version = ports.signing_key.thumbprint, opening.roster.version
    await ports.store.session_opened(group_id, opening.controller_id, opening.session_epoch, kid, version)


async def reopened_unless_believed(ports: OrchestratorPorts, group_id: str, kid: str | None) -> None:
    """A group whose session was certified by a key that is believed no more gets another one.

    So it is after a key was revoked: the group's own certificate cannot even ask for its renewal. Raises Unavailable.
    """
    if await ports.own_keys.key(kid or "") is None:
        ports.log("session_reopened", group_id=group_id, kid=kid)
        await open_session(ports, group_id)


async def prepared_session(ports: OrchestratorPorts, group_id: str) -> OpenSession:
    """The next session of a group, known to nobody yet. Raises NotFound."""
    roster = await roster_of(ports, group_id)
    controller_id = ports.controllers.controller_id(group_id)
    key = await ports.new_private_key()
    epoch = await ports.store.next_session(group_id)
    certificate, expires_s = certify(ports, controller_id, roster, key.public, epoch)
    return OpenSession(
        controller_id=controller_id,
        session_epoch=epoch,
        private_key=key,
        certificate=certificate,
        certificate_expires_s=expires_s,
        roster=roster,
    )


async def roster_of(ports: OrchestratorPorts, group_id: str) -> Roster:
    """Raises NotFound."""
    roster = await ports.store.roster(group_id)
    if roster is None:
        raise NotFound
    return roster


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
