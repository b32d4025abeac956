"""The profile in numbers: to where each claim goes, how long each kind lives, and how long its text may be."""

import json
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.errors import InvalidCredential
from shared.keys import KeySet, PrivateKeySet, PublicKey, PublishedKey, b64url_bytes
from shared.signing import Signer, certificate_hash, content_digest
from shared.tokens import (
    ARCHIVE,
    ORCHESTRATOR,
    REQUEST,
    ROUTING,
    SESSION,
    SKEW_S,
    Confirmation,
    Kind,
    Tokens,
    _PortAlgorithm,
    _VerifyingAlgorithm,
)
from tests.probe.vectors import BODY, GOOD, KEY, NOW_S, ORIGIN, STRANGER, TARGET
from tests.shared.credential import Credential
from tests.shared.hostile import ES256, forge, segment

TOKENS = Tokens(ES256)
KEYS = {KEY.thumbprint: KEY.public}
KINDS: list[Kind[Any]] = [REQUEST, ROUTING, SESSION, ARCHIVE]
MAX_UNIX_S, MAX_COUNT = 2**40 - 1, 2**53 - 1
DIGEST = "sha-256=:" + "A" * 43 + "=:"


def fits(kind: Kind[Any], **claims: object) -> bool:
    try:
        kind.claims.model_validate({**GOOD[kind.typ].claims, **claims})
    except ValidationError:
        return False
    return True


def accepted(kind: Kind[Any], token: str, now_s: int = NOW_S) -> bool:
    try:
        TOKENS.verify(kind, token, KEYS, issuer=ORCHESTRATOR, now_s=now_s)
    except InvalidCredential:
        return False
    return True


def test_the_profile() -> None:
    assert [(kind.typ, kind.life_s, kind.limit_bytes) for kind in KINDS] == [
        ("gc-req+jwt", 60, 2048),
        ("gc-routing+jwt", 60, 2048),
        ("gc-session+jwt", 24 * 3600, 4096),
        ("gc-archive+jwt", 60, 2048),
    ]
    assert (ORCHESTRATOR, SKEW_S) == ("orchestrator", 5)


# ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "name", "inside", "outside"),
    [
        *((kind, "iat", [0, 1, MAX_UNIX_S], [-1, MAX_UNIX_S + 1]) for kind in KINDS),
        *((kind, "exp", [0, 1, MAX_UNIX_S], [-1, MAX_UNIX_S + 1]) for kind in KINDS),
        *((kind, "sub", ["x", "x" * 200], ["", "x" * 201]) for kind in KINDS),
        *(
            (kind, "jti", ["A" * 22, "-_" * 32], ["A" * 21, "A" * 65, "A" * 22 + "\n", " " + "A" * 22])
            for kind in KINDS
        ),
        (REQUEST, "htu", ["x", "x" * 1500], ["", "x" * 1501]),
        (REQUEST, "htm", ["GET", "POST", "PUT", "PATCH", "DELETE"], ["HEAD", "post", "", "POST "]),
        (REQUEST, "aud", ["orchestrator", "agents"], ["app", "", ["agents"]]),
        (REQUEST, "cdg", [DIGEST], ["x" + DIGEST, DIGEST + "x", DIGEST + "\n", DIGEST[1:], DIGEST[:-1]]),
        (REQUEST, "ath", ["A" * 43, None], ["A" * 42, "A" * 44, "x" + "A" * 43, "A" * 42 + "=", "A" * 43 + "\n"]),
        (REQUEST, "inv", ["x", None], ["", "x" * 201]),
        (ROUTING, "mv", [0, 1, MAX_COUNT], [-1, MAX_COUNT + 1]),
        (ROUTING, "role", ["owner", "member"], ["admin", "Owner", ""]),
        (SESSION, "sep", [1, MAX_COUNT], [0, -1, MAX_COUNT + 1]),
        (SESSION, "agents", [[], ["a"] * 64], [["a"] * 65, [""], ["a" * 201]]),
        (SESSION, "aud", [["agents", "orchestrator"]], [["agents"], [], ["agents", "orchestrator", "agents"]]),
        (SESSION, "scope", ["group"], ["", "org"]),
        (ARCHIVE, "man", ["A" * 43], ["A" * 42, "x" + "A" * 43, "A" * 43 + "x", "A" * 43 + "\n"]),
        (ARCHIVE, "aud", ["archive"], ["agents", "orchestrator"]),
    ],
    ids=lambda value: value.typ if isinstance(value, Kind) else str(value)[:20],
)
def test_a_claim_goes_to_its_bounds_and_no_further(
    kind: Kind[Any], name: str, inside: list[object], outside: list[object]
) -> None:
    assert [value for value in inside if not fits(kind, **{name: value})] == []
    assert [value for value in outside if fits(kind, **{name: value})] == []


@pytest.mark.parametrize("more", [{"d": KEY.d}, {"kid": "x"}, {"alg": "ES256"}], ids=str)
def test_a_confirmation_is_a_public_key_and_nothing_beside_it(more: dict[str, str]) -> None:
    jwk = KEY.public.model_dump()
    assert fits(SESSION, cnf={"jwk": jwk})
    assert not fits(SESSION, cnf={"jwk": {**jwk, **more}})
    assert not fits(SESSION, cnf={"jwk": jwk, "jku": "https://attacker.test"})
    assert not fits(SESSION, cnf={})


@pytest.mark.parametrize(
    "value",
    [
        *(kind.claims.model_validate(GOOD[kind.typ].claims) for kind in KINDS),
        Confirmation(jwk=KEY.public),
        KEY,
        KEY.public,
        PublishedKey.of(KEY.public),
        PrivateKeySet(keys=(KEY,)),
        PrivateKeySet(keys=(KEY,)).published(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_was_verified_does_not_change(value: BaseModel) -> None:
    name = next(iter(type(value).model_fields))
    with pytest.raises(ValidationError):
        setattr(value, name, getattr(value, name))


@pytest.mark.parametrize("kind", [KeySet, PrivateKeySet])
def test_a_set_of_keys_holds_keys_and_nothing_beside_them(kind: type[BaseModel]) -> None:
    key: PublicKey = KEY if kind is PrivateKeySet else PublishedKey.of(KEY.public)
    assert kind.model_validate({"keys": (key,)})
    for odd in ({"keys": (key,), "more": 1}, {"keys": [key]}, {"keys": {key}}, {}):
        with pytest.raises(ValidationError):
            kind.model_validate(odd)


# ── form, time and size ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.typ)
def test_the_form_is_checked_before_any_key_is_looked_for(kind: Kind[Any]) -> None:
    good = GOOD[kind.typ]
    signed, _, signature = good.token().rpartition(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelled = signature[:-1] + last[last.index(signature[-1]) ^ 1]
    odd = [
        f"{signed}.{respelled}",
        *(good.headed({**good.head, "alg": alg}) for alg in ("none", "HS256", "es256", None)),
        *(good.headed({**good.head, "kid": kid}) for kid in ("x", KEY.thumbprint + "A", "é" * 43, None)),
        *(good.headed({**good.head, "typ": other.typ}) for other in KINDS if other is not kind),
    ]
    for token in odd:
        with pytest.raises(InvalidCredential):
            TOKENS.open(kind, token)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.typ)
def test_a_token_lives_from_its_first_to_its_last_second(kind: Kind[Any]) -> None:
    good = GOOD[kind.typ]
    for life_s in (1, kind.life_s):
        token, end_s = good.but(iat=NOW_S, exp=NOW_S + life_s), NOW_S + life_s
        edges = {NOW_S - SKEW_S - 1: False, NOW_S - SKEW_S: True, end_s + SKEW_S - 1: True, end_s + SKEW_S: False}
        assert {now_s: accepted(kind, token, now_s) for now_s in edges} == edges
        assert TOKENS.check_claims(kind, TOKENS.open(kind, token), now_s=end_s + SKEW_S - 1)
    for life_s in (0, -1, kind.life_s + 1):
        assert not accepted(kind, good.but(iat=NOW_S, exp=NOW_S + life_s))


def test_a_lapse_that_is_allowed_ends_too() -> None:
    envelope = TOKENS.open(SESSION, GOOD[SESSION.typ].token())
    end_s = GOOD[SESSION.typ].claims["exp"]
    for now_s in (end_s, end_s + SKEW_S + 99):
        assert TOKENS.check(SESSION, envelope, KEY.public, issuer=ORCHESTRATOR, now_s=now_s, lapsed_s=100)
    with pytest.raises(InvalidCredential, match="expired"):
        TOKENS.check(SESSION, envelope, KEY.public, issuer=ORCHESTRATOR, now_s=end_s + SKEW_S + 100, lapsed_s=100)


@pytest.mark.parametrize("kind", [ROUTING, SESSION], ids=lambda kind: kind.typ)
def test_a_token_is_as_long_as_its_kind_allows(kind: Kind[Any]) -> None:
    """Spaces in the header stand in for the lengths that base64 leaves out."""
    lengths: dict[int, str] = {}
    for spaces, padding in product(range(4), range(1200, 2900)):
        head = json.dumps(GOOD[kind.typ].head) + " " * spaces
        payload = '{"a": "' + "x" * padding + '"}'
        lengths[len(f"{segment(head)}.{segment(payload)}.") + 86] = f"{segment(head)}.{segment(payload)}.{'A' * 86}"
    assert TOKENS.open(kind, lengths[kind.limit_bytes])
    with pytest.raises(InvalidCredential, match="too long"):
        TOKENS.open(kind, lengths[kind.limit_bytes + 1])


def test_what_would_be_too_long_is_not_issued() -> None:
    claims, head = GOOD[SESSION.typ].claims, json.dumps(GOOD[SESSION.typ].head, separators=(",", ":"))
    longest = 0
    for count, length in product(range(30, 50), range(1, 60)):
        made = SESSION.claims.model_validate({**claims, "agents": ["x" * 60] * count + ["y" * length]})
        size = len(forge(head, made.model_dump_json(), KEY))
        if size <= SESSION.limit_bytes:
            longest = max(longest, len(TOKENS.issue(SESSION, made, KEY)))
            continue
        with pytest.raises(ValueError, match="at most 4096 bytes"):
            TOKENS.issue(SESSION, made, KEY)
    assert longest == SESSION.limit_bytes


def test_a_strangers_signature_under_a_known_key_id_is_refused() -> None:
    for kind in KINDS:
        good = GOOD[kind.typ]
        assert not accepted(kind, forge(good.head, good.claims, STRANGER))
        assert not accepted(kind, Credential(kind, good.claims, STRANGER).token())


# ── what a signer says ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_signer_says_what_there_is_to_say_and_nothing_more() -> None:
    certificate = GOOD[SESSION.typ].token()
    by_app = Signer(TOKENS, KEY, "parley-app", "orchestrator", ORIGIN)
    by_session = Signer(TOKENS, KEY, "controller-1", "agents", ORIGIN, certificate)
    bound = {"ath": certificate_hash(certificate), "inv": "run_1"}
    for signer, more in ((by_app, {}), (by_session, bound)):
        headers = signer.headers("POST", TARGET, BODY, now_s=NOW_S, jti="A" * 22, invocation=more.get("inv"))
        signature = headers.pop("Authorization")
        assert json.loads(b64url_bytes(signature.removeprefix("GroupSig ").split(".")[1])) == {
            "iss": signer.issuer,
            "sub": signer.issuer,
            "aud": signer.audience,
            "jti": "A" * 22,
            "htm": "POST",
            "htu": ORIGIN + TARGET,
            "cdg": content_digest(BODY),
            "iat": NOW_S,
            "exp": NOW_S + 30,
            **more,
        }
        certified = {"X-Session-Cert": certificate} if more else {}
        assert headers == {"Content-Type": "application/json", "Content-Digest": content_digest(BODY), **certified}


def test_whom_a_certificate_was_issued_to_stays_the_same() -> None:
    confirmation = Confirmation(jwk=KEY.public)
    with pytest.raises(ValidationError):
        confirmation.jwk = STRANGER.public  # type: ignore[misc]


def test_pyjwt_converts_no_keys_and_signs_as_no_provider() -> None:
    ours, theirs = _PortAlgorithm(ES256), _VerifyingAlgorithm(ES256)
    for convert in (ours.to_jwk, ours.from_jwk):
        with pytest.raises(TypeError):
            convert({})
    with pytest.raises(TypeError):
        theirs.sign(b"x", KEY.pem())
