from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from app.identity import LIFE_S, LIMIT_BYTES, NAME_CHARS, IdClaims, Identity, IdentityProvider
from app.idp_keys import IdpKey, idp_keys
from shared.errors import InvalidCredential
from shared.keys import b64url, b64url_bytes
from shared.tokens import SKEW_S, Tokens
from tests.shared.credential import Surroundings
from tests.shared.hostile import ES256
from tests.shared.id_tokens import IdToken, good_tokens, hostile_id_tokens, key_set, stranger
from tools.es256 import HostRs256

NOW_S = 1_800_000_000
ISSUER, AUDIENCE = "https://login.test/", "parley"
GOOD = good_tokens(ISSUER, AUDIENCE, NOW_S)
SUBJECT = GOOD[0].claims["sub"]


class Keys:
    def __init__(self, keys: Mapping[str, IdpKey]) -> None:
        self.keys = keys

    async def key(self, kid: str) -> IdpKey | None:
        return self.keys.get(kid)


PROVIDER = IdentityProvider(
    ISSUER, AUDIENCE, Keys(idp_keys(key_set(*(good.jwk() for good in GOOD)))), Tokens(ES256, HostRs256())
)
both = pytest.mark.parametrize("good", GOOD, ids=["ES256", "RS256"])


async def accepted(token: str, now_s: int = NOW_S) -> Identity | None:
    try:
        return await PROVIDER.identity(token, now_s)
    except InvalidCredential:
        return None


@both
async def test_a_good_token_says_who_somebody_is(good: IdToken) -> None:
    assert await accepted(good.token()) == Identity(SUBJECT, "Grace Hopper")


@both
async def test_a_thousand_bad_ones_say_nothing(good: IdToken) -> None:
    around = Surroundings(stranger(), "https://evil.test/keys", {}, NOW_S)
    tried = list(hostile_id_tokens(good, around))
    assert len(tried) >= 1000
    assert [name for name, token in tried if await accepted(token) is not None] == []


@both
async def test_what_is_a_providers_to_choose_is_taken(good: IdToken) -> None:
    for token in (
        good.but(aud=[AUDIENCE]),
        good.but(aud=[AUDIENCE, "other"]),
        good.but(aud=["x" * 99] * 31 + [AUDIENCE]),
        good.but(exp=NOW_S + 1),
        good.but(aud=["other", AUDIENCE]),
        good.but(nonce="x", roles=["a"], azp={"any": "thing"}, jti=1),
        good.but(nbf=NOW_S + SKEW_S),
        good.but(exp=NOW_S + LIFE_S),
        good.headed({name: value for name, value in good.head.items() if name != "typ"}),
        good.headed({**good.head, "typ": "at+jwt"}),
    ):
        assert (await accepted(token)) == Identity(SUBJECT, "Grace Hopper")


@both
@pytest.mark.parametrize(
    ("claims", "ok"),
    [
        ({"iat": NOW_S + SKEW_S, "exp": NOW_S + 60}, True),
        ({"iat": NOW_S + SKEW_S + 1, "exp": NOW_S + 60}, False),
        ({"iat": NOW_S - 60, "exp": NOW_S - SKEW_S + 1}, True),
        ({"iat": NOW_S - 60, "exp": NOW_S - SKEW_S}, False),
        ({"nbf": NOW_S + SKEW_S + 1}, False),
        ({"exp": NOW_S + LIFE_S + 1}, False),
        ({"exp": NOW_S}, False),
    ],
    ids=str,
)
async def test_a_token_is_good_in_its_time(good: IdToken, claims: dict[str, int], ok: bool) -> None:
    assert (await accepted(good.but(**claims)) is not None) is ok


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "  Ada \n Lovelace "}, "Ada Lovelace"),
        ({"name": ""}, GOOD[0].claims["email"]),
        ({"name": " \t", "email": ""}, SUBJECT),
        ({"name": "x" * 400}, "x" * NAME_CHARS),
        ({"name": "", "email": "", "sub": " "}, "?"),
    ],
    ids=str,
)
async def test_a_person_is_shown_by_name_or_address_or_subject(claims: dict[str, str], name: str) -> None:
    found = await accepted(GOOD[0].but(**claims))
    assert found is not None
    assert found.name == name


def test_the_bounds() -> None:
    assert (LIMIT_BYTES, LIFE_S, NAME_CHARS) == (8192, 24 * 3600, 80)


async def test_a_subject_may_be_as_long_as_openid_connect_allows() -> None:
    found = await accepted(GOOD[0].but(sub="x" * 255))
    assert found is not None
    assert found.subject == "x" * 255


async def test_a_curve_signature_has_one_length() -> None:
    signed, _, signature = GOOD[0].token().rpartition(".")
    raw = b64url_bytes(signature)
    for other in (raw[:32] + b"\0" + raw[32:], b"\0" + raw):
        assert await accepted(f"{signed}.{b64url(other)}") is None


def test_what_was_read_is_not_changed() -> None:
    claims = IdClaims.model_validate(GOOD[0].claims)
    with pytest.raises(ValidationError):
        claims.sub = "other"  # type: ignore[misc]


async def test_a_token_may_be_long_and_not_longer() -> None:
    def of_length(padding: int) -> str:
        return GOOD[0].but(pad="x" * padding)

    at_most = max(n for n in range(5000, 6200) if len(of_length(n)) <= LIMIT_BYTES)
    assert await accepted(of_length(at_most)) is not None
    assert await accepted(of_length(at_most + 1)) is None
