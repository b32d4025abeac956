"""Tokens of an identity provider, good ones and every way we know to make bad ones of them.

Law: as in `mutations`, whose families are used wherever they say something about these tokens too.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.identity import LIFE_S, LIMIT_BYTES, IdClaims
from shared.keys import PrivateKey, b64url, b64url_bytes
from shared.tokens import Kind
from tests.shared import mutations
from tests.shared.credential import Credential, Named, Surroundings
from tests.shared.hostile import forge, segment
from tests.shared.mutations import Family
from tools.es256 import new_private_key

ID_TOKEN: Final[Kind[Any]] = Kind("JWT", IdClaims, LIFE_S, LIMIT_BYTES)
BITS: Final = 2048


@dataclass(frozen=True)
class RsaKey:
    """A provider's RSA key. Made when it is first needed: that takes a while."""

    bits: int = BITS

    @cached_property
    def private(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, self.bits)

    def jwk(self, **more: object) -> dict[str, Any]:
        numbers = self.private.public_key().public_numbers()
        n, e = (b64url(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
        return {"kty": "RSA", "n": n, "e": e, "alg": "RS256", "use": "sig", **more}

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())


RSA_KEY: Final = RsaKey()
EC_KEY: Final = new_private_key()


@dataclass(frozen=True)
class IdToken(Credential):
    """A credential with a key id of the provider's choice, signed ES256."""

    kid: str = "ec-1"

    @property
    def head(self) -> dict[str, Any]:
        return {"alg": "ES256", "typ": "JWT", "kid": self.kid}

    def jwk(self) -> dict[str, Any]:
        return {**self.key.public.model_dump(), "kid": self.kid, "use": "sig", "alg": "ES256"}


@dataclass(frozen=True)
class RsaIdToken(IdToken):
    """The same, signed RS256. `key` is a stranger's, for families that sign with one."""

    kid: str = "rsa-1"
    rsa_key: RsaKey = field(default=RSA_KEY)

    @property
    def head(self) -> dict[str, Any]:
        return {"alg": "RS256", "typ": "JWT", "kid": self.kid}

    def jwk(self) -> dict[str, Any]:
        return self.rsa_key.jwk(kid=self.kid)

    def token(self) -> str:
        return self.signed(self.head, self.claims)

    def headed(self, head: Mapping[str, Any] | str | bytes) -> str:
        return self.signed(head, self.claims)

    def saying(self, payload: Mapping[str, Any] | str | bytes) -> str:
        return self.signed(self.head, payload)

    def signed(self, head: Mapping[str, Any] | str | bytes, payload: Mapping[str, Any] | str | bytes) -> str:
        text = f"{segment(head)}.{segment(payload)}"
        return f"{text}.{b64url(self.rsa_key.sign(text.encode()))}"


def good_tokens(issuer: str, audience: str, now_s: int) -> tuple[IdToken, RsaIdToken]:
    """One of each algorithm, saying the same."""
    claims = {
        "iss": issuer,
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": audience,
        "iat": now_s,
        "exp": now_s + 3600,
        "nbf": now_s,
        "name": "Grace Hopper",
        "email": "grace.brewster.murray.hopper@bureau-of-ships.navy.test",
    }
    return IdToken(ID_TOKEN, claims, EC_KEY), RsaIdToken(ID_TOKEN, claims, EC_KEY)


# ── what is bad of them alone ───────────────────────────────────────────────────────────────────────────────────────


def audiences(good: Credential, around: Surroundings) -> Named:
    del around
    ours = good.claims["aud"]
    lists: list[object] = [[], [[]], ["x"], [ours.upper()], [ours, 1], [ours] * 33]
    for aud in [*lists, ours + "x", ours[:-1], ours.upper(), "*", "", None, {ours: 1}]:
        yield f"aud {str(aud)[:40]!r}", good.but(aud=aud)
    for iss in (good.claims["iss"] + "/", good.claims["iss"][:-1], "https://evil.test", [good.claims["iss"]]):
        yield f"iss {iss!r}", good.but(iss=iss)
    subjects: list[object] = ["", "x" * 256, None, 0, ["x"], {}]
    for sub in subjects:
        yield f"sub {str(sub)[:40]!r}", good.but(sub=sub)


def not_before(good: Credential, around: Surroundings) -> Named:
    for nbf in (around.now_s + 60, around.now_s + 10**9, -1, "0", None, 1.5, True, 10**30):
        yield f"nbf {nbf!r}", good.but(nbf=nbf)


def other_keys(good: Credential, around: Surroundings) -> Named:
    """The right key id with another key of the same set, another algorithm, or somebody's own key."""
    issuer, audience = good.claims["iss"], good.claims["aud"]
    ec, rsa_token = good_tokens(issuer, audience, good.claims["iat"])
    for name, other in (("EC", ec), ("RSA", rsa_token)):
        for kid in ("ec-1", "rsa-1"):
            for alg in ("ES256", "RS256", "PS256", "HS256"):
                head = {**good.head, "alg": alg, "kid": kid}
                if (name, kid, alg) not in (("EC", "ec-1", "ES256"), ("RSA", "rsa-1", "RS256")):
                    yield f"{alg}, kid {kid}, signed by {name}", other.headed(head)
    yield "signed by a stranger's RSA key", RsaIdToken(ID_TOKEN, good.claims, EC_KEY, rsa_key=_STRANGER).token()
    yield "signed by a stranger's EC key", forge(ec.head, good.claims, around.stranger)


_STRANGER: Final = RsaKey()


def rsa_signatures(good: Credential, around: Surroundings) -> Named:
    """Other paddings and hashes, other lengths, numbers at the bounds, and the public key as an HMAC secret."""
    del around
    rsa_token = RsaIdToken(ID_TOKEN, good.claims, EC_KEY)
    signed, _, signature = rsa_token.token().rpartition(".")
    raw, private = b64url_bytes(signature), RSA_KEY.private
    n = private.public_key().public_numbers().n
    message = signed.encode()
    for algorithm in (hashes.SHA1(), hashes.SHA384(), hashes.SHA512()):  # noqa: S303 -- the hostile ones
        yield f"PKCS1, {algorithm.name}", f"{signed}.{b64url(private.sign(message, padding.PKCS1v15(), algorithm))}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    yield "PSS", f"{signed}.{b64url(private.sign(message, pss, hashes.SHA256()))}"
    number = int.from_bytes(raw)
    for name, value in {"0": 0, "1": 1, "n": n, "n-1": n - 1, "negated": n - number, "max": 2**BITS - 1}.items():
        yield f"signature {name}", f"{signed}.{b64url(value.to_bytes(BITS // 8))}"
    if number + n < 2**BITS:
        yield "signature + n", f"{signed}.{b64url((number + n).to_bytes(BITS // 8))}"
    for name, changed in {
        "a zero before": bytes(1) + raw,
        "a zero after": raw + bytes(1),
        "cut": raw[:-1],
        "half": raw[:128],
        "64 bytes": raw[:64],
        "reversed": raw[::-1],
        "hash alone": hashlib.sha256(message).digest(),
    }.items():
        yield f"signature {name}", f"{signed}.{b64url(changed)}"
    spki = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (spki, spki.strip(), base64.b64decode("".join(spki.decode().splitlines()[1:-1])), b"rsa-1", b""):
        for alg in ("HS256", "HS512", "RS256"):
            text = f"{segment({**rsa_token.head, 'alg': alg})}.{segment(good.claims)}"
            digest = hashlib.sha512 if alg == "HS512" else hashlib.sha256
            yield f"{alg} by HMAC of the public key", f"{text}.{b64url(hmac.digest(secret, text.encode(), digest))}"


def shown_names(good: Credential, around: Surroundings) -> Named:
    del around
    for name in ("name", "email"):
        for value in (0, True, None, ["x"], {"x": 1}, 1.5, "x" * 401):
            yield f"{name} {str(value)[:20]!r}", good.but(**{name: value})


# What these families say is good here: a provider may leave `typ` out, and say and leave out what it likes, however
# deep that is nested.
_HARMLESS: Final = (
    "header_members: no header typ",
    "types: typ 'JWT'",
    "claim_values: a further claim",
    "claim_values: aud \"['",
    "claim_values: no name",
    "claim_values: no email",
    "claim_values: name ''",
    "claim_values: email ''",
    "identifiers: jti",
    "times: nbf 0",
)
_SHARED: Final[tuple[Family, ...]] = (
    mutations.times,
    mutations.algorithms,
    mutations.key_ids,
    mutations.header_members,
    mutations.types,
    mutations.numbers,
    mutations.claim_values,
    mutations.identifiers,
    mutations.json_forms,
    mutations.compact_forms,
    mutations.spellings,
    mutations.flips,
)
_EC_ALONE: Final[tuple[Family, ...]] = (
    mutations.public_key_as_secret,
    mutations.signature_numbers,
    mutations.strangers,
)
_OWN: Final[tuple[Family, ...]] = (audiences, not_before, other_keys, rsa_signatures, shown_names)


def hostile_id_tokens(good: IdToken, around: Surroundings) -> Iterator[tuple[str, str]]:
    """All of it, each under the name of its family."""
    families = _SHARED + _OWN if isinstance(good, RsaIdToken) else _SHARED + _OWN + _EC_ALONE
    harmless = (*_HARMLESS, f"times: nbf {around.now_s}", f"algorithms: alg {good.head['alg']!r}, rightly signed")
    for family in families:
        for what, token in family(good, around):
            name = f"{family.__name__}: {what}"
            deep = family is mutations.json_forms and what.endswith(" deep") and not what.startswith("header")
            if not deep and not name.startswith(harmless):
                yield name, token


def key_set(*keys: Mapping[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def stranger() -> PrivateKey:
    return new_private_key()
