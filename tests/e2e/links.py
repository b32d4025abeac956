"""The five links of the chain of trust, each with a credential that it would accept right now."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from shared.keys import PrivateKey
from shared.routing import routing_audience
from shared.signing import CERTIFICATE_HEADER, SCHEME, certificate_hash, content_digest
from shared.tokens import ARCHIVE, ORCHESTRATOR, REQUEST, ROUTING, SESSION
from tests.e2e.deployment import Team, new_jti
from tests.e2e.wire import UPGRADE, RawRequest
from tests.shared.credential import Credential, Surroundings, renamed
from tools.es256 import new_private_key
from tools.local import APP_ID

REQUEST_LIFE_S: Final = 55
"""Long enough to be alive when all its mutations have been refused."""


@dataclass(frozen=True)
class Session:
    """A Group Controller's session, in the hands of whoever opened it."""

    group_id: str
    controller_id: str
    key: PrivateKey
    certificate: Credential

    @cached_property
    def certificate_text(self) -> str:
        """One signing of it: a second one would have another hash."""
        return self.certificate.token()

    def signs(self, audience: str, origin: str, target: str, body: bytes, cert: str | None = None) -> Credential:
        """A signature under this session's certificate, or under another one in its place."""
        cert = self.certificate_text if cert is None else cert
        claims = _request_claims(self.controller_id, audience, origin + target, body)
        return Credential(REQUEST, {**claims, "ath": certificate_hash(cert)}, self.key)


@dataclass(frozen=True)
class Chain:
    """One group and everything that may prove something about it."""

    team: Team
    group_id: str

    @property
    def issuer_key(self) -> PrivateKey:
        return self.team.deployment.keys.orchestrator.keys[0]

    def origin(self, worker: str) -> str:
        return self.team.deployment.origin(worker)

    def app(self, target: str, body: bytes) -> Credential:
        claims = _request_claims(APP_ID, "orchestrator", self.origin("orchestrator") + target, body)
        return Credential(REQUEST, claims, self.team.deployment.keys.app)

    def session(self) -> Session:
        """Opens the group's session anew."""
        opened = self.team.open_session(self.group_id)
        key, now_s = PrivateKey.model_validate(opened["session_private_key"]), int(time.time())
        sep = self.team.deployment.stack.query("SELECT session_epoch FROM groups WHERE id = ?", self.group_id)
        claims = {
            "iss": ORCHESTRATOR,
            "sub": opened["group_controller_id"],
            "aud": ["agents", "orchestrator"],
            "gid": self.group_id,
            "sep": sep[0]["session_epoch"],
            "agents": [self.team.ids["scribe"]],
            "scope": "group",
            "cnf": {"jwk": key.public.model_dump()},
            "iat": now_s,
            "exp": now_s + SESSION.life_s,
            "jti": new_jti(),
        }
        return Session(self.group_id, opened["group_controller_id"], key, Credential(SESSION, claims, self.issuer_key))

    def routing(self, who: str = "ada") -> Credential:
        stack, now_s = self.team.deployment.stack, int(time.time())
        found = stack.query("SELECT group_controller_id FROM groups WHERE id = ?", self.group_id)
        claims = {
            "iss": ORCHESTRATOR,
            "sub": self.team.ids[who],
            "aud": routing_audience(found[0]["group_controller_id"]),
            "gid": self.group_id,
            "role": "owner",
            "mv": 1,
            "iat": now_s,
            "exp": now_s + ROUTING.life_s,
            "jti": new_jti(),
        }
        return Credential(ROUTING, claims, self.issuer_key)

    def surroundings(self, address: str, *not_these: str) -> Surroundings:
        """An attacker's tools, with a live credential of every link but those named."""
        session, routing, target = self.session(), self.routing(), "/infra/groups"
        archive = {key: value for key, value in routing.claims.items() if key not in ("role", "mv")}
        tokens = {
            "app request": self.app(target, b"{}").token(),
            "run request": session.signs("agents", self.origin("agents"), "/agents/run", b"{}").token(),
            "cleanup request": session.signs(
                "orchestrator", self.origin("orchestrator"), "/infra/cleanup", b"{}"
            ).token(),
            "routing token": routing.token(),
            "certificate": session.certificate_text,
            "archive manifest": Credential(
                ARCHIVE, {**archive, "aud": "archive", "man": "A" * 43}, session.key
            ).token(),
        }
        others = {name: token for name, token in tokens.items() if name not in not_these}
        return Surroundings(new_private_key(), address, others, int(time.time()))


def signed(target: str, body: bytes, token: str, certificate: str | None = None) -> RawRequest:
    """A signed request as its headers say it."""
    headers: Mapping[str, str] = {
        "Authorization": f"{SCHEME} {token}",
        "Content-Digest": content_digest(body),
        "Content-Type": "application/json",
        **({CERTIFICATE_HEADER: certificate} if certificate is not None else {}),
    }
    return RawRequest("POST", target, tuple(headers.items()), body)


def upgrade(target: str, *headers: tuple[str, str]) -> RawRequest:
    return RawRequest("GET", target, (*UPGRADE, *headers))


def anew(credential: Credential) -> Credential:
    """The same, not used before."""
    return renamed(credential, jti=new_jti())


def _request_claims(issuer: str, audience: str, htu: str, body: bytes) -> dict[str, Any]:
    now_s = int(time.time())
    return {
        "iss": issuer,
        "sub": issuer,
        "aud": audience,
        "htm": "POST",
        "htu": htu,
        "cdg": content_digest(body),
        "iat": now_s,
        "exp": now_s + REQUEST_LIFE_S,
        "jti": new_jti(),
    }


def stray_bearer() -> str:
    return "prl_" + secrets.token_urlsafe(32)
