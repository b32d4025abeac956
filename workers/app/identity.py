"""Who an external identity provider says somebody is: its JWTs, believed only in one strict form.

Law: pure, and as strict as the profile of our own credentials (`shared.tokens`), with what a provider may choose left
to it: key ids of its own, further claims, several audiences. The key comes from the configured key set, the algorithm
from the key; nothing in a token leads anywhere. Outside, every failure is the same InvalidCredential.
RFC 7519 (JWT), RFC 8725 (best current practice), OpenID Connect Core §2 and §3.1.3.7.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.idp_keys import IdpKey
from shared.errors import InvalidCredential
from shared.keys import b64url_bytes
from shared.strict_json import strict_object
from shared.tokens import SKEW_S, Tokens, UnixSeconds

LIMIT_BYTES: Final = 8192
LIFE_S: Final = 24 * 3600
NAME_CHARS: Final = 80
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_REQUIRED: Final = {"alg", "kid"}

_Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Shown = Annotated[str, StringConstraints(max_length=400)]


class IdpKeySource(Protocol):
    """The keys of the one identity provider."""

    async def key(self, kid: str) -> IdpKey | None:
        """None when it has no such key now. Raises Unavailable."""
        ...


class IdClaims(BaseModel):
    """What is read of a provider's token; whatever else it says is its own business."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    iss: _Text
    sub: _Text
    aud: _Text | Annotated[list[_Text], Field(max_length=32)]
    iat: UnixSeconds
    exp: UnixSeconds
    nbf: UnixSeconds = 0
    name: _Shown = ""
    email: _Shown = ""


@dataclass(frozen=True)
class Identity:
    """Somebody, as the provider knows them. `subject` is never given to another person; `name` is only shown."""

    subject: str
    name: str


@dataclass(frozen=True)
class IdentityProvider:
    issuer: str
    audience: str
    keys: IdpKeySource
    tokens: Tokens

    async def identity(self, token: str, now_s: int) -> Identity:
        """Raises InvalidCredential, and Unavailable when the provider's keys cannot be read."""
        header, payload, signature = _opened(token)
        key = await self.keys.key(header["kid"])
        if key is None:
            raise InvalidCredential(reason="idp: unknown kid")
        if len(signature) != key.signature_bytes:
            raise InvalidCredential(reason="idp: not a signature of that key")
        # Of the key's algorithm and no other: a header that names another one is refused here as well.
        self.tokens.check_foreign_signature(token, key.pem, key.algorithm)
        claims = self._claims(payload, now_s)
        return Identity(claims.sub, _name(claims))

    def _claims(self, payload: dict[str, Any], now_s: int) -> IdClaims:
        try:
            claims = IdClaims.model_validate(payload)
        except ValidationError as exc:
            raise InvalidCredential(reason="idp: claims") from exc
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        wrong = [
            name
            for name, ok in (
                ("iss", claims.iss == self.issuer),
                ("aud", self.audience in audiences),
                ("lifetime", 0 < claims.exp - claims.iat <= LIFE_S),
                ("iat", claims.iat <= now_s + SKEW_S),
                ("nbf", claims.nbf <= now_s + SKEW_S),
                ("exp", claims.exp > now_s - SKEW_S),
            )
            if not ok
        ]
        if wrong:
            raise InvalidCredential(reason=f"idp: {', '.join(wrong)}")
        return claims


def _opened(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, payload and signature of what has the right form and nothing else yet. Raises InvalidCredential."""
    parts = _COMPACT.fullmatch(token) if len(token) <= LIMIT_BYTES else None
    if parts is None:
        raise InvalidCredential(reason="idp: not compact JWS")
    try:
        header, payload = (strict_object(b64url_bytes(part)) for part in parts.groups()[:2])
        signature = b64url_bytes(parts[3])
    except (ValueError, RecursionError) as exc:
        raise InvalidCredential(reason=f"idp: malformed: {type(exc).__name__}") from exc
    if set(header) - {"typ"} != _REQUIRED or header.get("typ", "JWT") not in ("JWT", "at+jwt"):
        raise InvalidCredential(reason="idp: header")
    if not isinstance(header["kid"], str):
        raise InvalidCredential(reason="idp: kid")
    return header, payload, signature


def _name(claims: IdClaims) -> str:
    """One line of text: the name, or else the address, or else what there always is."""
    candidates = (" ".join(text.split()) for text in (claims.name, claims.email, claims.sub))
    return next(filter(None, candidates), "?")[:NAME_CHARS]
