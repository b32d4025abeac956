"""Signed requests: what one Worker says when it calls another, and how the other believes it.

Law: the raw body is hashed before anybody parses it; the target is compared with the configured origin, never with the
Host header; a second use of a `jti` is the replay guard's to refuse.
RFC 9530 (Content-Digest); claim names after RFC 9449 (DPoP).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from shared.errors import InvalidCredential
from shared.evidence import note
from shared.keys import PrivateKey, PublicKey, b64url
from shared.tokens import REQUEST, SESSION, SKEW_S, Envelope, RequestClaims, SessionClaims, Tokens

SCHEME: Final = "GroupSig"
CERTIFICATE_HEADER: Final = "X-Session-Cert"
_LIFE_S: Final = 30

Audience = Literal["orchestrator", "agents"]


class KeySource(Protocol):
    """The public keys of one trusted issuer."""

    async def key(self, kid: str) -> PublicKey | None:
        """None when that issuer has no such key now. Raises Unavailable."""
        ...


class AppKeySource(Protocol):
    """The public keys of the apps that may call."""

    async def app_key(self, kid: str) -> tuple[str, PublicKey] | None:
        """The app's id and its key; None when no app has such a key now. Raises Unavailable."""
        ...


class ReplayGuard(Protocol):
    """Remembers what was used."""

    async def claim(self, kid: str, jti: str, until_s: int) -> bool:
        """True the first time. Raises Unavailable when it cannot say: never accept without its word."""
        ...


@dataclass(frozen=True)
class SignedRequest:
    """A request as it arrived: the method, the target below the receiver's origin, the headers, the raw body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Signer:
    """One caller: who it is, with which key, for whom. `certificate` is there when a Group Controller calls."""

    tokens: Tokens
    key: PrivateKey
    issuer: str
    audience: Audience
    origin: str
    certificate: str | None = None

    def headers(
        self, method: str, target: str, body: bytes, *, now_s: int, jti: str, invocation: str | None = None
    ) -> dict[str, str]:
        """The headers that make this request believable for the next 30 s. `target` is path and query."""
        digest = content_digest(body)
        claims = RequestClaims.model_validate(
            {
                "iss": self.issuer,
                "sub": self.issuer,
                "aud": self.audience,
                "htm": method,
                "htu": self.origin + target,
                "cdg": digest,
                "ath": certificate_hash(self.certificate) if self.certificate else None,
                "inv": invocation,
                "iat": now_s,
                "exp": now_s + _LIFE_S,
                "jti": jti,
            }
        )
        headers = {
            "Authorization": f"{SCHEME} {self.tokens.issue(REQUEST, claims, self.key)}",
            "Content-Digest": digest,
            "Content-Type": "application/json",
        }
        return headers | {CERTIFICATE_HEADER: self.certificate} if self.certificate else headers


def content_digest(body: bytes) -> str:
    """The Content-Digest value of a raw body, an empty one included (RFC 9530 §2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def certificate_hash(certificate: str) -> str:
    """`ath`: base64url SHA-256 of the certificate's text."""
    return b64url(hashlib.sha256(certificate.encode()).digest())


@dataclass(frozen=True)
class Verifier:
    """One receiver of signed requests: `audience` at `origin`."""

    tokens: Tokens
    guard: ReplayGuard
    audience: Audience
    origin: str

    async def app_request(self, request: SignedRequest, keys: AppKeySource, now_s: int) -> str:
        """The id of the app that signed. Raises InvalidCredential, Unavailable."""
        if _header(request, CERTIFICATE_HEADER) is not None:
            raise InvalidCredential(reason="an app has no session certificate")
        envelope = self._open(request)
        found = await keys.app_key(envelope.kid)
        if found is None:
            raise InvalidCredential(reason="unknown kid")
        app_id, key = found
        claims = self._check(request, envelope, key, ath=None, now_s=now_s)
        if claims.iss != app_id or claims.sub != app_id:
            raise InvalidCredential(reason="issuer is not the key's app")
        await self._claim(envelope.kid, claims)
        return app_id

    async def session_request(
        self, request: SignedRequest, issuer_keys: KeySource, issuer: str, now_s: int, *, lapsed_s: int = 0
    ) -> SessionClaims:
        """The certificate behind a Group Controller's request; it may have ended `lapsed_s` ago.

        Raises InvalidCredential, Unavailable.
        """
        certificate = _header(request, CERTIFICATE_HEADER)
        if certificate is None:
            raise InvalidCredential(reason="no session certificate")
        envelope = self._open(request)
        sealed = self.tokens.open(SESSION, certificate)
        issuer_key = await issuer_keys.key(sealed.kid)
        session = self.tokens.check(SESSION, sealed, issuer_key, issuer=issuer, now_s=now_s, lapsed_s=lapsed_s)
        if set(session.aud) != {"agents", "orchestrator"}:
            raise InvalidCredential(reason="certificate audience")
        if envelope.kid != session.cnf.jwk.thumbprint:
            raise InvalidCredential(reason="not the certificate's key")
        ath = certificate_hash(certificate)
        claims = self._check(request, envelope, session.cnf.jwk, ath=ath, now_s=now_s)
        if claims.iss != session.sub or claims.sub != session.sub:
            raise InvalidCredential(reason="issuer is not the certificate's subject")
        await self._claim(envelope.kid, claims)
        note(gid=session.gid)
        return session

    def _open(self, request: SignedRequest) -> Envelope:
        scheme, _, token = (_header(request, "Authorization") or "").partition(" ")
        if scheme != SCHEME:
            raise InvalidCredential(reason="no request signature")
        envelope = self.tokens.open(REQUEST, token)
        note(kid=envelope.kid)
        return envelope

    def _check(
        self, request: SignedRequest, envelope: Envelope, key: PublicKey, *, ath: str | None, now_s: int
    ) -> RequestClaims:
        self.tokens.check_signature(envelope, key)
        claims = self.tokens.check_claims(REQUEST, envelope, now_s=now_s)
        digest = content_digest(request.body)
        wrong = [
            name
            for name, ok in (
                ("ath", claims.ath == ath),
                ("aud", claims.aud == self.audience),
                ("htm", claims.htm == request.method),
                ("htu", claims.htu == self.origin + request.target),
                ("cdg", claims.cdg == digest and _header(request, "Content-Digest") == digest),
            )
            if not ok
        ]
        if wrong:
            raise InvalidCredential(reason=f"does not match the request: {', '.join(wrong)}")
        return claims

    async def _claim(self, kid: str, claims: RequestClaims) -> None:
        note(iss=claims.iss, jti=claims.jti)
        if not await self.guard.claim(kid, claims.jti, claims.exp + SKEW_S):
            raise InvalidCredential(reason="used before")


def _header(request: SignedRequest, name: str) -> str | None:
    return request.headers.get(name.lower())
