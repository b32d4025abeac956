"""The public keys of an identity provider: RSA and P-256, as others publish them.

Law: formats only. Unlike our own key sets, a foreign one may hold members and keys that are nothing to us: those are
passed over. What remains is usable without a further look: an algorithm, a PEM text, the length of a signature.
RFC 7517 (JWK), RFC 7518 §3.3 (RSA keys of 2048 bits or more) and §6, RFC 3447 and 5480 (the DER inside the PEM).
"""

import base64
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter

from shared.keys import PublicKey, b64url_bytes

Algorithm = Literal["RS256", "ES256"]
_MIN_BITS: Final = 2048
_MAX_BITS: Final = 4096
_EXPONENT: Final = 65537
_RSA_OID: Final = bytes.fromhex("300d06092a864886f70d0101010500")
_SHORT: Final = 0x80


@dataclass(frozen=True)
class IdpKey:
    """`algorithm` is the key's own; no token has a say in it."""

    algorithm: Algorithm
    pem: str
    signature_bytes: int


class _Jwk(BaseModel):
    """What is read of a foreign key; `alg` and `use`, where they stand, must be ours."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    kid: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    use: Literal["sig"] = "sig"


class _Rsa(_Jwk):
    kty: Literal["RSA"]
    alg: Literal["RS256"] = "RS256"
    n: str
    e: str

    def key(self) -> IdpKey:
        n, e = (int.from_bytes(b64url_bytes(text)) for text in (self.n, self.e))
        if not _MIN_BITS <= n.bit_length() <= _MAX_BITS or e != _EXPONENT:
            raise ValueError("not an RSA key that is taken here")
        return IdpKey("RS256", _rsa_pem(n, e), (n.bit_length() + 7) // 8)


class _P256(_Jwk):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    alg: Literal["ES256"] = "ES256"
    x: str
    y: str

    def key(self) -> IdpKey:
        public = PublicKey(x=self.x, y=self.y)
        if not public.on_curve:
            raise ValueError("not a point of P-256")
        return IdpKey("ES256", public.pem(), 64)


class _Set(BaseModel):
    keys: list[dict[str, object]]


_KEY: Final[TypeAdapter[_Rsa | _P256]] = TypeAdapter(_Rsa | _P256)


def idp_keys(document: bytes) -> Mapping[str, IdpKey]:
    """The usable keys by their ids; an id that two keys share is nobody's. Raises ValueError when it is no key set."""
    found = [(str(jwk.get("kid")), key) for jwk in _Set.model_validate_json(document).keys if (key := _usable(jwk))]
    shared = {kid for kid, count in Counter(kid for kid, _ in found).items() if count > 1}
    return {kid: key for kid, key in found if kid not in shared}


def _usable(jwk: dict[str, object]) -> IdpKey | None:
    try:
        return _KEY.validate_python(jwk).key()
    except ValueError:
        return None


def _rsa_pem(n: int, e: int) -> str:
    """SubjectPublicKeyInfo of an RSA key."""
    numbers = _der(0x30, _integer(n) + _integer(e))
    der = _der(0x30, _RSA_OID + _der(0x03, b"\0" + numbers))
    body = base64.b64encode(der).decode()
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _SHORT:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, _SHORT | len(size))) + size + content
