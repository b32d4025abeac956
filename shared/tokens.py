"""The one strict JWS profile behind every credential of this system, and the only module that touches PyJWT.

Law: nothing else signs or verifies a token, and nothing else parses ours; those of an identity provider, which have
another form, are read in `app.identity`. Outside, every failure is the same `InvalidCredential`; the reason
is for the log. Header is exactly {"alg":"ES256","typ":T,"kid":K}; K is the RFC 7638 thumbprint; the key is looked up by
K, the algorithm belongs to the key and is never read from the header.
RFC 7515 (JWS), 7519 (JWT), 7638, 7800 (cnf), 8725 (best current practice).

PyJWT does the compact serialisation and calls the `Es256` port for the mathematics: node:crypto in the Worker,
`cryptography` on the host (there is no `cryptography` wheel for the Workers runtime).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, NoReturn, Protocol, TypeVar

import jwt
from jwt.algorithms import Algorithm
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.errors import InvalidCredential
from shared.keys import PrivateKey, PublicKey, b64url_bytes
from shared.strict_json import strict_object

SKEW_S: Final = 5
SIGNED_LIMIT: Final = 128
"""How many reused credentials are remembered: half a megabyte at most."""
ORCHESTRATOR: Final = "orchestrator"
"""The issuer of routing tokens and session certificates."""
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})")
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_HEADER_MEMBERS: Final = {"alg", "typ", "kid"}
_MAX_UNIX_S: Final = 2**40

UnixSeconds = Annotated[int, Field(ge=0, lt=_MAX_UNIX_S)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Jti = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{22,64}$")]


class Es256(Protocol):
    """ECDSA over P-256 with SHA-256, signatures as r ‖ s, 64 bytes (RFC 7518 §3.4)."""

    def sign(self, private_pem: str, message: bytes) -> bytes: ...

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool: ...


class Rs256(Protocol):
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3). Identity providers sign so; we never do."""

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool: ...


class Claims(BaseModel):
    """What every credential says of itself. Subclasses add their own; anything further is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    iss: Text
    sub: Text
    iat: UnixSeconds
    exp: UnixSeconds
    jti: Jti


class RequestClaims(Claims):
    """A signed request: method, target and body digest, after DPoP (RFC 9449) and Content-Digest (RFC 9530)."""

    aud: Literal["orchestrator", "agents"]
    htm: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    htu: Annotated[str, StringConstraints(min_length=1, max_length=1500)]
    cdg: Annotated[str, StringConstraints(pattern="^sha-256=:[A-Za-z0-9+/]{43}=:$")]
    ath: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")] | None = None
    inv: Text | None = None


class RoutingClaims(Claims):
    """A person's way into one group for a minute.

    `mv` is the membership version: it grows when the person's access is taken away, and older tokens open nothing.
    """

    aud: Text
    gid: Text
    role: Literal["owner", "member"]
    mv: Annotated[int, Field(ge=0, le=2**53 - 1)]


class Confirmation(BaseModel):
    """RFC 7800: the key whose holder this credential was issued to."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    jwk: PublicKey


class SessionClaims(Claims):
    """A session certificate: this Group Controller, holding this key, may call these agents. `sep` is its epoch."""

    aud: Annotated[list[Literal["agents", "orchestrator"]], Field(min_length=2, max_length=2)]
    gid: Text
    sep: Annotated[int, Field(ge=1, le=2**53 - 1)]
    agents: Annotated[list[Text], Field(max_length=64)]
    scope: Literal["group"]
    cnf: Confirmation


class ArchiveClaims(Claims):
    """The manifest of one archive, signed by the session that wrote it. `man` is its SHA-256 in base64url."""

    aud: Literal["archive"]
    gid: Text
    man: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{43}$")]


C = TypeVar("C", bound=Claims)


@dataclass(frozen=True)
class Kind(Generic[C]):
    """One kind of credential: its `typ`, its claims and its limits. No kind passes for another.

    `reused`: it comes with one request after the other, and its signature is calculated once; whether its key and its
    time are still good is asked each time.
    """

    typ: str
    claims: type[C]
    life_s: int
    limit_bytes: int = 2048
    reused: bool = False


REQUEST: Final = Kind("gc-req+jwt", RequestClaims, life_s=60)
ROUTING: Final = Kind("gc-routing+jwt", RoutingClaims, life_s=60)
SESSION: Final = Kind("gc-session+jwt", SessionClaims, life_s=24 * 3600, limit_bytes=4096, reused=True)
ARCHIVE: Final = Kind("gc-archive+jwt", ArchiveClaims, life_s=60)


class _PortAlgorithm(Algorithm):
    """Lets PyJWT sign and verify through an `Es256` port; keys are PEM texts."""

    def __init__(self, port: Es256) -> None:
        self._port = port

    def prepare_key(self, key: str) -> str:
        return key

    def sign(self, msg: bytes, key: str) -> bytes:
        return self._port.sign(key, msg)

    def verify(self, msg: bytes, key: str, sig: bytes) -> bool:
        return self._port.verify(key, msg, sig)

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> NoReturn:  # noqa: ARG004 -- PyJWT's signature
        raise TypeError("keys are converted in shared.keys")

    @staticmethod
    def from_jwk(jwk: object) -> NoReturn:  # noqa: ARG004 -- PyJWT's signature
        raise TypeError("keys are converted in shared.keys")


class _VerifyingAlgorithm(_PortAlgorithm):
    """The same for a port that only verifies."""

    def __init__(self, port: Rs256) -> None:
        self._verifier = port

    def sign(self, msg: bytes, key: str) -> NoReturn:  # noqa: ARG002 -- PyJWT's signature
        raise TypeError("only identity providers sign so")

    def verify(self, msg: bytes, key: str, sig: bytes) -> bool:
        return self._verifier.verify(key, msg, sig)


@dataclass(frozen=True)
class Envelope:
    """A token that has the right form and nothing else yet: neither its key nor its claims may be believed."""

    token: str
    kid: str
    payload: dict[str, Any]


class Tokens:
    """Issues and verifies credentials. One per Worker, bound to that runtime's ES256.

    `rs256` is there where tokens of an identity provider are read.
    """

    def __init__(self, es256: Es256, rs256: Rs256 | None = None) -> None:
        self._jws = jwt.PyJWS(algorithms=[])
        self._jws.register_algorithm("ES256", _PortAlgorithm(es256))
        self._signed: dict[tuple[str, str], None] = {}
        if rs256 is not None:
            self._jws.register_algorithm("RS256", _VerifyingAlgorithm(rs256))

    def issue(self, kind: Kind[C], claims: C, key: PrivateKey) -> str:
        """A signed compact token. Raises ValueError when the claims break the kind's own limits."""
        if claims.exp - claims.iat > kind.life_s:
            raise ValueError(f"{kind.typ} lives at most {kind.life_s} s")
        payload = claims.model_dump_json(exclude_none=True).encode()
        header = {"typ": kind.typ, "kid": key.thumbprint}
        token = self._jws.encode(payload, key.pem(), algorithm="ES256", headers=header)
        if len(token) > kind.limit_bytes:
            raise ValueError(f"{kind.typ} is at most {kind.limit_bytes} bytes")
        return token

    def open(self, kind: Kind[C], token: str) -> Envelope:
        """Checks the form alone. Raises InvalidCredential."""
        if len(token) > kind.limit_bytes:
            raise InvalidCredential(reason="token too long")
        parts = _COMPACT.fullmatch(token)
        if parts is None:
            raise InvalidCredential(reason="not compact JWS")
        try:
            header, payload = strict_object(b64url_bytes(parts[1])), strict_object(b64url_bytes(parts[2]))
            b64url_bytes(parts[3])
        except (ValueError, RecursionError) as exc:
            raise InvalidCredential(reason=f"malformed: {type(exc).__name__}") from exc
        if set(header) != _HEADER_MEMBERS or header["alg"] != "ES256" or header["typ"] != kind.typ:
            raise InvalidCredential(reason="header is not this kind's")
        if not isinstance(header["kid"], str) or _THUMBPRINT.fullmatch(header["kid"]) is None:
            raise InvalidCredential(reason="kid is not a thumbprint")
        return Envelope(token, header["kid"], payload)

    def check_signature(self, envelope: Envelope, key: PublicKey) -> None:
        """Raises InvalidCredential unless `key` signed it."""
        self.check_foreign_signature(envelope.token, key.pem(), "ES256")

    def _check_signature_once(self, envelope: Envelope, key: PublicKey) -> None:
        """As `check_signature`. What that key has signed, to the letter, it has signed for good."""
        if (envelope.token, key.thumbprint) not in self._signed:
            self.check_signature(envelope, key)
            while len(self._signed) >= SIGNED_LIMIT:
                del self._signed[next(iter(self._signed))]
            self._signed[envelope.token, key.thumbprint] = None

    def check_foreign_signature(self, token: str, pem: str, algorithm: Literal["ES256", "RS256"]) -> None:
        """The same for any compact token; form and claims are its reader's. Raises InvalidCredential."""
        try:
            self._jws.decode_complete(token, pem, algorithms=[algorithm])
        except jwt.PyJWTError as exc:
            raise InvalidCredential(reason=f"signature: {type(exc).__name__}") from exc

    def check_claims(self, kind: Kind[C], envelope: Envelope, *, now_s: int, lapsed_s: int = 0) -> C:
        """The claims, typed, inside their time or at most `lapsed_s` behind it. Raises InvalidCredential."""
        try:
            claims = kind.claims.model_validate(envelope.payload)
        except ValidationError as exc:
            raise InvalidCredential(reason=f"claims: {exc.errors()[0]['loc']}") from exc
        if not 0 < claims.exp - claims.iat <= kind.life_s:
            raise InvalidCredential(reason="lifetime out of bounds")
        if claims.iat > now_s + SKEW_S:
            raise InvalidCredential(reason="issued in the future")
        if claims.exp <= now_s - SKEW_S - lapsed_s:
            raise InvalidCredential(reason="expired")
        return claims

    def check(
        self,
        kind: Kind[C],
        envelope: Envelope,
        key: PublicKey | None,
        *,
        issuer: str,
        now_s: int,
        lapsed_s: int = 0,
    ) -> C:
        """Signature, claims, time, issuer: in this order. The audience is the caller's to compare.

        Raises InvalidCredential, also when there is no key of that id.
        """
        if key is None:
            raise InvalidCredential(reason="unknown kid")
        if kind.reused:
            self._check_signature_once(envelope, key)
        else:
            self.check_signature(envelope, key)
        claims = self.check_claims(kind, envelope, now_s=now_s, lapsed_s=lapsed_s)
        if claims.iss != issuer:
            raise InvalidCredential(reason="issuer")
        return claims

    def verify(self, kind: Kind[C], token: str, keys: Mapping[str, PublicKey], *, issuer: str, now_s: int) -> C:
        """The whole way, for a verifier that has all keys at hand. Raises InvalidCredential."""
        envelope = self.open(kind, token)
        return self.check(kind, envelope, keys.get(envelope.kid), issuer=issuer, now_s=now_s)
