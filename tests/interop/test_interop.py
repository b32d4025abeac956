"""Two other implementations of JOSE read what we write, and we read what they write, in our profile.

`jose` (npm) and `joserfc` (PyPI), neither of which has anything in common with PyJWT.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from shared.errors import InvalidCredential
from shared.keys import PrivateKey, PrivateKeySet
from shared.tokens import ORCHESTRATOR, Tokens
from tests.probe.vectors import GOOD, KEY, NOW_S
from tests.probe.verdicts import KINDS
from tests.shared.credential import malleated
from tests.shared.hostile import ES256
from tools.es256 import new_private_key
from tools.setup.layout import Layout
from tools.setup.node import node_of

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOKENS = Tokens(ES256)
JWKS = json.loads(PrivateKeySet(keys=(new_private_key(), KEY)).published().model_dump_json())
TYPES = sorted(KINDS)
LATER_S = 3 * 24 * 3600

Verify = Callable[[str], dict[str, Any]]
Sign = Callable[[Mapping[str, Any], Mapping[str, Any], PrivateKey], str]


class Refused(Exception):
    """The other implementation did not accept it."""


def jose(**request: object) -> Any:  # noqa: ANN401 -- JSON, each request its own
    node = node_of(Layout(ROOT)).node
    done = subprocess.run(  # noqa: S603 -- our own script under our own node
        [node, str(HERE / "jose.mjs")], input=json.dumps([request]), capture_output=True, text=True, check=True
    )
    (answer,) = json.loads(done.stdout)
    if "error" in answer:
        raise Refused(answer["error"])
    return answer["ok"]


def jose_verify(token: str, typ: str, now_s: int = NOW_S) -> dict[str, Any]:
    claims = GOOD[typ].claims
    found = jose(
        ask="verify", token=token, jwks=JWKS, typ=typ, issuer=claims["iss"], audience=claims["aud"], now_s=now_s
    )
    return dict(found["claims"])


def joserfc_verify(token: str, typ: str, now_s: int = NOW_S) -> dict[str, Any]:
    try:
        found = jwt.decode(token, KeySet.import_key_set(JWKS), algorithms=["ES256"])
        jwt.JWTClaimsRegistry(now=now_s, iss={"essential": True, "value": ORCHESTRATOR}).validate(found.claims)
    except (JoseError, ValueError) as exc:
        raise Refused(type(exc).__name__) from exc
    assert found.header["typ"] == typ
    return dict(found.claims)


def jose_sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PrivateKey) -> str:
    return str(jose(ask="sign", header=header, claims=claims, jwk=key.model_dump()))


def joserfc_sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: PrivateKey) -> str:
    return jwt.encode(dict(header), dict(claims), ECKey.import_key(dict(key.model_dump())), algorithms=["ES256"])


def ours(token: str, typ: str) -> dict[str, Any]:
    claims = TOKENS.verify(KINDS[typ], token, {KEY.thumbprint: KEY.public}, issuer=ORCHESTRATOR, now_s=NOW_S)
    return dict(claims.model_dump(exclude_none=True))


@pytest.mark.parametrize("typ", TYPES)
@pytest.mark.parametrize("verify", [jose_verify, joserfc_verify], ids=["jose", "joserfc"])
def test_what_we_issue_they_accept(verify: Callable[..., dict[str, Any]], typ: str) -> None:
    kind, good = KINDS[typ], GOOD[typ]
    token = TOKENS.issue(kind, kind.claims.model_validate(good.claims), KEY)

    assert verify(token, typ) == good.claims
    assert verify(malleated(token), typ) == good.claims
    for spoilt in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token.replace(".", ".e30", 1)):
        with pytest.raises(Refused):
            verify(spoilt, typ)


@pytest.mark.parametrize("verify", [jose_verify, joserfc_verify], ids=["jose", "joserfc"])
def test_they_see_its_end_as_we_do(verify: Callable[..., dict[str, Any]]) -> None:
    for typ in TYPES:
        with pytest.raises(Refused, match=r"(?i)expired"):
            verify(GOOD[typ].token(), typ, NOW_S + LATER_S)


@pytest.mark.parametrize("typ", TYPES)
@pytest.mark.parametrize("sign", [jose_sign, joserfc_sign], ids=["jose", "joserfc"])
def test_what_they_sign_in_our_profile_we_accept(sign: Sign, typ: str) -> None:
    good = GOOD[typ]

    assert ours(sign(good.head, good.claims, KEY), typ) == good.claims


@pytest.mark.parametrize("sign", [jose_sign, joserfc_sign], ids=["jose", "joserfc"])
def test_what_they_sign_in_their_own_ways_we_refuse(sign: Sign) -> None:
    for typ, good in GOOD.items():
        for header in (
            {"alg": "ES256", "kid": KEY.thumbprint},
            {"alg": "ES256", "typ": "JWT", "kid": KEY.thumbprint},
            {**good.head, "kid": "app-key-1"},
            {**good.head, "cty": "JWT"},
        ):
            with pytest.raises(InvalidCredential):
                ours(sign(header, good.claims, KEY), typ)
        with pytest.raises(InvalidCredential):
            ours(sign(good.head, good.claims, new_private_key()), typ)


def test_a_key_has_the_same_thumbprint_everywhere() -> None:
    for key in (KEY, *(new_private_key() for _ in range(3))):
        public = key.public.model_dump()
        assert key.thumbprint == jose(ask="thumbprint", jwk=public) == ECKey.import_key(dict(public)).thumbprint()


def test_a_key_of_theirs_becomes_one_of_ours() -> None:
    made = ECKey.generate_key("P-256", private=True).as_dict(private=True)
    key = PrivateKey.model_validate({name: made[name] for name in ("kty", "crv", "x", "y", "d")})
    good = GOOD["gc-routing+jwt"]
    token = joserfc_sign({**good.head, "kid": key.thumbprint}, good.claims, key)

    keys = {key.thumbprint: key.public}
    assert TOKENS.verify(good.kind, token, keys, issuer=ORCHESTRATOR, now_s=NOW_S).sub == good.claims["sub"]
