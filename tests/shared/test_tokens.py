import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from shared.errors import InvalidCredential
from shared.keys import PrivateKey, PublicKey, b64url, b64url_bytes
from shared.tokens import (
    ARCHIVE,
    ORCHESTRATOR,
    REQUEST,
    ROUTING,
    SESSION,
    SKEW_S,
    Kind,
    RoutingClaims,
    Tokens,
)
from tests.shared.hostile import ES256, forge, header, segment
from tools.es256 import new_private_key

NOW_S = 1_800_000_000
KEY = new_private_key()
OTHER = new_private_key()
TOKENS = Tokens(ES256)
KINDS: list[Kind[Any]] = [REQUEST, ROUTING, SESSION, ARCHIVE]
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def claims(**more: object) -> dict[str, Any]:
    """The payload of a good routing token."""
    return {
        "iss": ORCHESTRATOR,
        "sub": "usr_1",
        "iat": NOW_S,
        "exp": NOW_S + 60,
        "jti": "A" * 22,
        "aud": "urn:groupchat:gc:1",
        "gid": "grp_1",
        "role": "member",
        "mv": 1,
        **more,
    }


def routing(**more: object) -> str:
    return forge(header(KEY, ROUTING.typ), claims(**more), KEY)


def verify(token: str, now_s: int = NOW_S) -> RoutingClaims:
    return TOKENS.verify(ROUTING, token, {KEY.thumbprint: KEY.public}, issuer=ORCHESTRATOR, now_s=now_s)


def refuse(token: str, now_s: int = NOW_S) -> str:
    """The reason that goes to the log."""
    with pytest.raises(InvalidCredential) as refusal:
        verify(token, now_s)
    assert refusal.value.detail == InvalidCredential.title, "outside, every failure looks the same"
    return refusal.value.reason


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in claims().items() if key != name}


# ── what is issued is accepted ──────────────────────────────────────────────────────────────────────────────────────


def test_an_issued_token_comes_back_as_its_claims() -> None:
    issued = RoutingClaims.model_validate(claims())

    assert verify(TOKENS.issue(ROUTING, issued, KEY)) == issued


def test_a_token_made_by_hand_is_accepted_too() -> None:
    assert verify(routing()).sub == "usr_1"


def test_the_header_says_alg_typ_and_thumbprint_and_nothing_else() -> None:
    token = TOKENS.issue(ROUTING, RoutingClaims.model_validate(claims()), KEY)

    head = json.loads(b64url_bytes(token.split(".")[0]))
    assert head == {"alg": "ES256", "typ": "gc-routing+jwt", "kid": KEY.thumbprint}


def test_nothing_is_issued_beyond_the_life_of_its_kind() -> None:
    with pytest.raises(ValueError, match="at most 60 s"):
        TOKENS.issue(ROUTING, RoutingClaims.model_validate(claims(exp=NOW_S + 61)), KEY)


# ── algorithm and signature ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS256", "RS256", "ES384", "es256", None, 1, ["ES256"]]
)
@pytest.mark.parametrize("signature", [b64url(bytes(64)), ""])
def test_the_algorithm_is_not_the_tokens_to_choose(alg: object, signature: str) -> None:
    refuse(f"{segment(header(KEY, ROUTING.typ, alg=alg))}.{segment(claims())}.{signature}")


def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    for secret in (KEY.public.pem().encode(), KEY.public.point, KEY.public.model_dump_json().encode()):
        signed = f"{segment(header(KEY, ROUTING.typ, alg='HS256'))}.{segment(claims())}"
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
        refuse(f"{signed}.{b64url(mac)}")
        refuse(f"{signed}.{b64url(mac + mac)}")


def test_a_null_signature_is_refused() -> None:
    assert "signature" in refuse(f"{routing().rpartition('.')[0]}.{b64url(bytes(64))}")


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (N, N), (N, 1), (1, N), (2**256 - 1, 2**256 - 1)])
def test_signatures_of_impossible_numbers_are_refused(r: int, s: int) -> None:
    refuse(f"{routing().rpartition('.')[0]}.{b64url(r.to_bytes(32) + s.to_bytes(32))}")


def test_a_der_signature_is_refused() -> None:
    signed, _, signature = routing().rpartition(".")
    raw = b64url_bytes(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    assert refuse(f"{signed}.{b64url(der)}") == "not compact JWS"


def test_another_keys_signature_is_refused() -> None:
    refuse(forge(header(KEY, ROUTING.typ), claims(), OTHER))
    assert refuse(forge(header(OTHER, ROUTING.typ), claims(), OTHER)) == "unknown kid"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_character_counts(part: int) -> None:
    parts = routing().split(".")
    for at in range(0, len(parts[part]), 7):
        changed = list(parts)
        old = changed[part][at]
        changed[part] = changed[part][:at] + ("A" if old != "A" else "B") + changed[part][at + 1 :]
        refuse(".".join(changed))


# ── header ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://attacker.test/jwks"},
        {"jwk": OTHER.public.model_dump()},
        {"x5c": ["MII="]},
        {"x5u": "https://attacker.test/cert"},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"nonce": "1"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_further_header_member_is_refused(more: dict[str, Any]) -> None:
    assert refuse(forge(header(KEY, ROUTING.typ, **more), claims(), KEY)) == "header is not this kind's"


@pytest.mark.parametrize("name", ["alg", "typ", "kid"])
def test_a_missing_header_member_is_refused(name: str) -> None:
    head = header(KEY, ROUTING.typ)
    del head[name]
    refuse(forge(head, claims(), KEY))


@pytest.mark.parametrize(
    "typ", ["JWT", "jwt", "GC-ROUTING+JWT", "application/gc-routing+jwt", "gc-routing", "", None, 7]
)
def test_another_typ_is_refused(typ: object) -> None:
    refuse(forge({"alg": "ES256", "typ": typ, "kid": KEY.thumbprint}, claims(), KEY))


@pytest.mark.parametrize("issued", KINDS, ids=lambda kind: kind.typ)
@pytest.mark.parametrize("expected", KINDS, ids=lambda kind: kind.typ)
def test_no_kind_passes_for_another(issued: Kind[Any], expected: Kind[Any]) -> None:
    token = forge(header(KEY, issued.typ), claims(), KEY)
    if issued is expected:
        assert TOKENS.open(expected, token).kid == KEY.thumbprint
        return
    with pytest.raises(InvalidCredential):
        TOKENS.open(expected, token)


@pytest.mark.parametrize(
    "kid",
    ["", "x", "../../etc/passwd", "' OR 1=1 --", "k" * 1000, "\x00", "\ud800", None, 1, True, ["a"], {"a": 1}],
    ids=lambda kid: repr(kid)[:20],
)
def test_a_kid_that_is_no_thumbprint_is_refused(kid: object) -> None:
    refuse(forge(json.dumps({"alg": "ES256", "typ": ROUTING.typ, "kid": kid}), claims(), KEY))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_json_in_another_encoding_is_refused(encoding: str) -> None:
    head, payload = json.dumps(header(KEY, ROUTING.typ)), json.dumps(claims())
    refuse(forge(head, payload.encode(encoding), KEY))
    refuse(forge(head.encode(encoding), payload, KEY))


# ── form ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + "\n",
        lambda t: t + " ",
        lambda t: " " + t,
        lambda t: "\ufeff" + t,
        lambda t: t + "=",
        lambda t: t + "==",
        lambda t: t.replace(".", "=.", 1),
        lambda t: t + ".",
        lambda t: t + ".e30",
        lambda t: "." + t,
        lambda t: t.replace(".", "..", 1),
        lambda t: t.rpartition(".")[0],
        lambda t: t.rpartition(".")[0] + ".",
        lambda t: t.split(".")[0] + ".." + t.split(".")[2],
        lambda t: t[:-1],
        lambda t: t + "A",
        lambda t: t.replace("_", "/").replace("-", "+") + "+",
        lambda t: t.replace(".", "。"),
        lambda t: json.dumps({"payload": t.split(".")[1], "protected": t.split(".")[0], "signature": t.split(".")[2]}),
        lambda _: "",
        lambda _: "..",
        lambda _: "null",
    ],
)
def test_anything_but_the_strict_compact_form_is_refused(change: Callable[[str], str]) -> None:
    assert refuse(change(routing())) in ("not compact JWS", "header is not this kind's")


def test_a_signature_has_one_spelling() -> None:
    token = routing()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [token[:-1] + char for char in last if char != token[-1]]

    for spelling in spellings:
        refuse(spelling)


def test_a_long_token_is_refused_before_it_is_read() -> None:
    assert refuse(forge(header(KEY, ROUTING.typ), claims(sub="u" * 3000), KEY)) == "token too long"
    assert refuse("A" * 10_000_000) == "token too long"


def test_duplicate_members_are_refused_on_every_level() -> None:
    payload, head = json.dumps(claims()), json.dumps(header(KEY, ROUTING.typ))
    refuse(forge(head, payload[:-1] + ', "sub": "usr_2"}', KEY))
    refuse(forge(head, '{"sub": "usr_2", ' + payload[1:], KEY))
    refuse(forge(head[:-1] + f', "kid": "{KEY.thumbprint}"}}', payload, KEY))
    refuse(forge(head, payload[:-1] + ', "deep": {"a": 1, "a": 2}}', KEY))


@pytest.mark.parametrize("payload", ["", "null", "[]", '"x"', "1", "{", "{}x", "{'a': 1}", "[" * 1000, '{"a":' * 250])
def test_a_payload_that_is_no_object_is_refused(payload: str) -> None:
    refuse(forge(header(KEY, ROUTING.typ), payload, KEY))


# ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(claims()))
def test_every_claim_is_required(name: str) -> None:
    refuse(forge(header(KEY, ROUTING.typ), without(name), KEY))


@pytest.mark.parametrize("more", [{"nbf": NOW_S}, {"admin": True}, {"cnf": {}}, {"": 1}], ids=str)
def test_a_further_claim_is_refused(more: dict[str, Any]) -> None:
    refuse(routing(**more))


@pytest.mark.parametrize("value", [2**53, 10**30])
def test_counters_stay_in_the_range_that_json_and_sqlite_share(value: int) -> None:
    refuse(routing(mv=value))


@pytest.mark.parametrize("name", ["iat", "exp", "mv"])
@pytest.mark.parametrize("value", ["str", "float", True, False, None, [], {}, -1, "nan", "inf", "exponent"], ids=str)
def test_numbers_are_real_integers(name: str, value: object) -> None:
    good = claims()[name]
    spelled = {"str": f'"{good}"', "float": f"{good}.0", "nan": "NaN", "inf": "1e999", "exponent": "18e8"}
    text = spelled[value] if isinstance(value, str) else json.dumps(value)
    payload = json.dumps({**claims(), name: "@"}).replace('"@"', text)

    refuse(forge(header(KEY, ROUTING.typ), payload, KEY))


@pytest.mark.parametrize(
    "more",
    [
        {"jti": "short"},
        {"jti": "A" * 65},
        {"jti": "A" * 22 + "\n"},
        {"jti": "A" * 21 + "é"},
        {"sub": ""},
        {"sub": "u" * 201},
        {"sub": "\ud800"},
        {"sub": 1},
        {"sub": ["usr_1"]},
        {"role": "admin"},
        {"role": "OWNER"},
        {"aud": ["urn:groupchat:gc:1"]},
        {"aud": ""},
        {"gid": None},
    ],
    ids=lambda more: f"{more}"[:40],
)
def test_a_claim_out_of_its_bounds_is_refused(more: dict[str, Any]) -> None:
    assert refuse(routing(**more)).startswith("claims")


def test_another_issuer_is_refused() -> None:
    assert refuse(routing(iss="parley-app")) == "issuer"


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("late_s", [0, 59, 60, 60 + SKEW_S - 1])
def test_a_token_lives_to_its_end_and_the_skew(late_s: int) -> None:
    assert verify(routing(), NOW_S + late_s)


@pytest.mark.parametrize("late_s", [60 + SKEW_S, 60 + SKEW_S + 1, 10_000, 10**9])
def test_after_that_it_is_over(late_s: int) -> None:
    assert refuse(routing(), NOW_S + late_s) == "expired"


def test_a_token_from_the_future_is_refused_beyond_the_skew() -> None:
    assert verify(routing(), NOW_S - SKEW_S)
    assert refuse(routing(), NOW_S - SKEW_S - 1) == "issued in the future"


@pytest.mark.parametrize("life_s", [61, 3600, 10**9, 0, -1])
def test_a_life_out_of_bounds_is_refused(life_s: int) -> None:
    refuse(routing(exp=NOW_S + life_s))


# ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_keys_are_valid_at_once() -> None:
    keys = {key.thumbprint: key.public for key in (KEY, OTHER)}
    for key in (KEY, OTHER):
        token = forge(header(key, ROUTING.typ), claims(), key)
        assert TOKENS.verify(ROUTING, token, keys, issuer=ORCHESTRATOR, now_s=NOW_S)


def verify_with(key: PublicKey) -> None:
    TOKENS.verify(ROUTING, routing(), {KEY.thumbprint: key}, issuer=ORCHESTRATOR, now_s=NOW_S)


def test_a_key_that_is_no_point_accepts_nothing() -> None:
    with pytest.raises(InvalidCredential):
        verify_with(KEY.public.model_copy(update={"y": b64url(bytes(32))}))


def test_a_certificate_never_carries_a_private_key() -> None:
    payload = {
        **{name: value for name, value in claims().items() if name not in ("role", "mv")},
        "aud": ["agents", "orchestrator"],
        "sep": 1,
        "agents": [],
        "scope": "group",
    }
    public, private = OTHER.public.model_dump(), {**OTHER.public.model_dump(), "d": OTHER.d}
    keys = {KEY.thumbprint: KEY.public}
    good = forge(header(KEY, SESSION.typ), {**payload, "cnf": {"jwk": public}}, KEY)
    bad = forge(header(KEY, SESSION.typ), {**payload, "cnf": {"jwk": private}}, KEY)

    assert TOKENS.verify(SESSION, good, keys, issuer=ORCHESTRATOR, now_s=NOW_S).cnf.jwk == OTHER.public
    with pytest.raises(InvalidCredential):
        TOKENS.verify(SESSION, bad, keys, issuer=ORCHESTRATOR, now_s=NOW_S)


def test_a_private_key_never_shows_itself() -> None:
    key: PrivateKey = KEY
    assert key.d not in f"{key} {key!r}"
