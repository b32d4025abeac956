"""P-256 keys as JSON Web Keys, and what other parts need of them: thumbprints and PEM texts.

Law: formats only. Nothing here signs or verifies; `tokens` does, through a port.
RFC 7517 (JWK), RFC 7518 §6.2 (EC members), RFC 7638 (thumbprint), RFC 5480 / 5915 (the DER inside the PEM).
"""

import base64
import hashlib
import json
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

_COORDINATE: Final = "^[A-Za-z0-9_-]{43}$"

# The curve y² = x³ - 3x + b over the integers modulo p (SEC 2 §2.4.2).
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

_SPKI_HEAD: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_PKCS8_HEAD: Final = bytes.fromhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420")
_PKCS8_POINT: Final = bytes.fromhex("a14403420004")


def b64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64url_bytes(text: str) -> bytes:
    """The bytes behind unpadded base64url. Raises ValueError when `text` is not its own canonical form."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def _canonical(text: str) -> str:
    b64url_bytes(text)
    return text


Coordinate = Annotated[str, StringConstraints(pattern=_COORDINATE), AfterValidator(_canonical)]


def _pem(label: str, der: bytes) -> str:
    body = base64.b64encode(der).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


# The few keys of a Worker are asked for these at every request. Of the public half alone: a private key lives with its
# owner, and an isolate has many of those.
_remembered = lru_cache(maxsize=64)


@_remembered
def _thumbprint(x: str, y: str) -> str:
    canonical = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return b64url(hashlib.sha256(canonical.encode()).digest())


def _point(x: str, y: str) -> bytes:
    return b64url_bytes(x) + b64url_bytes(y)


@_remembered
def _public_pem(x: str, y: str) -> str:
    return _pem("PUBLIC KEY", _SPKI_HEAD + _point(x, y))


class PublicKey(BaseModel):
    """The public half: what a JWKS publishes and what `cnf.jwk` binds. Unknown members are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    x: Coordinate
    y: Coordinate

    @property
    def thumbprint(self) -> str:
        """RFC 7638 SHA-256 thumbprint; the only `kid` in use here."""
        return _thumbprint(self.x, self.y)

    @property
    def point(self) -> bytes:
        """x ‖ y, 64 bytes."""
        return _point(self.x, self.y)

    @property
    def on_curve(self) -> bool:
        """Whether the point is one at all: of any other nothing can be signed that verifies."""
        x, y = (int.from_bytes(b64url_bytes(text)) for text in (self.x, self.y))
        return max(x, y) < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0

    def pem(self) -> str:
        """SubjectPublicKeyInfo, the form that node:crypto and `cryptography` both take."""
        return _public_pem(self.x, self.y)


class PrivateKey(PublicKey):
    """The whole key. Its text form never shows `d`, so that a log line cannot leak it."""

    d: Coordinate

    def __repr__(self) -> str:
        return f"PrivateKey(kid={self.thumbprint!r})"

    __str__ = __repr__

    @property
    def public(self) -> PublicKey:
        return PublicKey(x=self.x, y=self.y)

    def pem(self) -> str:
        """PKCS #8."""
        return _pem("PRIVATE KEY", _PKCS8_HEAD + b64url_bytes(self.d) + _PKCS8_POINT + self.point)


class PublishedKey(PublicKey):
    """A key as a JWK Set shows it."""

    use: Literal["sig"] = "sig"
    alg: Literal["ES256"] = "ES256"
    kid: str

    @classmethod
    def of(cls, key: PublicKey) -> "PublishedKey":
        return cls(x=key.x, y=key.y, kid=key.thumbprint)

    @property
    def public(self) -> PublicKey:
        return PublicKey(x=self.x, y=self.y)


class KeySet(BaseModel):
    """A JWK Set (RFC 7517 §5) of public keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    keys: tuple[PublishedKey, ...]

    def by_id(self) -> dict[str, PublicKey]:
        """Keys by thumbprint, computed here: a `kid` that somebody wrote beside a key is not believed."""
        return {key.public.thumbprint: key.public for key in self.keys}


class PrivateKeySet(BaseModel):
    """The signing keys of one Worker. The first signs; all are published, so that a successor is known beforehand."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    keys: Annotated[tuple[PrivateKey, ...], Field(min_length=1)]

    def published(self) -> KeySet:
        return KeySet(keys=tuple(PublishedKey.of(key.public) for key in self.keys))
