"""A credential that comes with every request is calculated once, and judged each time."""

import pytest

from shared.errors import InvalidCredential
from shared.keys import PrivateKey, b64url
from shared.tokens import ORCHESTRATOR, ROUTING, SESSION, SIGNED_LIMIT, SKEW_S, Tokens
from tests.shared.hostile import forge, header
from tests.shared.test_tokens import KEY, NOW_S, OTHER, claims
from tools.es256 import HostEs256


class CountingEs256(HostEs256):
    def __init__(self) -> None:
        self.verified = 0

    def verify(self, public_pem: str, message: bytes, signature: bytes) -> bool:
        self.verified += 1
        return super().verify(public_pem, message, signature)


def certificate(number: int = 0, key: PrivateKey = KEY) -> str:
    more = {"sep": 1, "agents": [], "scope": "group", "cnf": {"jwk": OTHER.public.model_dump()}}
    told = {k: v for k, v in claims(aud=["agents", "orchestrator"], **more).items() if k not in ("role", "mv")}
    return forge(header(key, SESSION.typ), told | {"jti": f"{number:022}"}, key)


def test_what_is_shown_again_and_again_is_calculated_once_and_judged_each_time() -> None:
    math = CountingEs256()
    tokens, token = Tokens(math), certificate()

    def check(shown: str = token, now_s: int = NOW_S, key: PrivateKey = KEY) -> None:
        tokens.verify(SESSION, shown, {KEY.thumbprint: key.public}, issuer=ORCHESTRATOR, now_s=now_s)

    for _ in range(3):
        check()
    assert math.verified == 1
    with pytest.raises(InvalidCredential, match="expired"):
        check(now_s=NOW_S + 60 + SKEW_S)
    with pytest.raises(InvalidCredential, match="unknown kid"):
        tokens.verify(SESSION, token, {}, issuer=ORCHESTRATOR, now_s=NOW_S)
    with pytest.raises(InvalidCredential, match="issuer"):
        tokens.verify(SESSION, token, {KEY.thumbprint: KEY.public}, issuer="another", now_s=NOW_S)
    with pytest.raises(InvalidCredential, match="signature"):
        check(key=OTHER)
    head, payload, signature = token.split(".")
    another = "B" if signature[0] == "A" else "A"
    for forged in (f"{head}.{payload}.{b64url(bytes(64))}", f"{head}.{payload}.{another}{signature[1:]}"):
        for _ in range(2):
            with pytest.raises(InvalidCredential, match="signature"):
                check(forged)


def test_what_is_remembered_has_an_end() -> None:
    math = CountingEs256()
    tokens = Tokens(math)
    shown = [certificate(number) for number in range(SIGNED_LIMIT + 1)]
    for token in (*shown, shown[-1], shown[0]):
        tokens.verify(SESSION, token, {KEY.thumbprint: KEY.public}, issuer=ORCHESTRATOR, now_s=NOW_S)
    assert math.verified == len(shown) + 1, "the oldest made room for the newest"


def test_what_is_used_once_is_calculated_each_time() -> None:
    math = CountingEs256()
    tokens, token = Tokens(math), forge(header(KEY, ROUTING.typ), claims(), KEY)
    for _ in range(2):
        tokens.verify(ROUTING, token, {KEY.thumbprint: KEY.public}, issuer=ORCHESTRATOR, now_s=NOW_S)
    assert math.verified == 2
