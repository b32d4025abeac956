"""A good credential taken apart, and what an attacker has at hand besides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.keys import PrivateKey, b64url, b64url_bytes
from shared.tokens import Kind
from tests.shared.hostile import forge

N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256."""
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Named = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Credential:
    """What a token is made of."""

    kind: Kind[Any]
    claims: Mapping[str, Any]
    key: PrivateKey

    @property
    def head(self) -> dict[str, Any]:
        return {"alg": "ES256", "typ": self.kind.typ, "kid": self.key.thumbprint}

    def token(self) -> str:
        return forge(self.head, self.claims, self.key)

    def headed(self, head: Mapping[str, Any] | str | bytes) -> str:
        return forge(head, self.claims, self.key)

    def saying(self, payload: Mapping[str, Any] | str | bytes) -> str:
        return forge(self.head, payload, self.key)

    def but(self, **claims: object) -> str:
        return self.saying({**self.claims, **claims})

    def without(self, name: str) -> str:
        return self.saying({key: value for key, value in self.claims.items() if key != name})


@dataclass(frozen=True)
class Surroundings:
    """What an attacker has at hand: a key of their own, an address of their own, and tokens of every other kind."""

    stranger: PrivateKey
    address: str
    others: Mapping[str, str]
    now_s: int


def malleated(token: str) -> str:
    """The other signature that says the same: (r, n - s) is as valid as (r, s)."""
    signed, _, signature = token.rpartition(".")
    raw = b64url_bytes(signature)
    return f"{signed}.{raw_signature(int.from_bytes(raw[:32]), N - int.from_bytes(raw[32:]))}"


def renamed(good: Credential, **claims: object) -> Credential:
    return replace(good, claims={**good.claims, **claims})


def raw_signature(r: int, s: int) -> str:
    return b64url(r.to_bytes(32) + s.to_bytes(32))
