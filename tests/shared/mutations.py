"""Every way we know to make a bad token out of a good one.

Law: pure and without a verdict: given a credential that would be accepted, each function gives tokens that must not be.
The same tokens go to the verifier on the host, to the verifier inside the Worker, and over the wire to every link.
RFC 8725 (JWT best current practice) §2 and §3 name most of these.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from shared.keys import b64url, b64url_bytes
from shared.tokens import SKEW_S
from tests.shared.credential import ALPHABET, Credential, N, Named, Surroundings, raw_signature
from tests.shared.hostile import forge, segment

_FAR_S: Final = 10**9
# Time goes on between making a token and showing it; a token from the future may not have come of age meanwhile.
_MEANWHILE_S: Final = 20


# ── algorithm, signature, key ───────────────────────────────────────────────────────────────────────────────────────


def algorithms(good: Credential, around: Surroundings) -> Named:
    del around
    names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS512",
        "RS256",
        "PS256",
        "ES384",
        "ES256K",
        "EdDSA",
        "es256",
    ]
    for alg in [*names, "ES256 ", None, True, 1, ["ES256"], {"ES256": 1}]:
        unsigned = f"{segment({**good.head, 'alg': alg})}.{segment(good.claims)}"
        yield f"alg {alg!r}, unsigned", unsigned + "."
        yield f"alg {alg!r}, null signature", f"{unsigned}.{b64url(bytes(64))}"
        yield f"alg {alg!r}, rightly signed", good.headed({**good.head, "alg": alg})


def public_key_as_secret(good: Credential, around: Surroundings) -> Named:
    del around
    public = good.key.public
    secrets = {"PEM": public.pem().encode(), "point": public.point, "JWK": public.model_dump_json().encode()}
    for name, secret in {**secrets, "kid": good.key.thumbprint.encode(), "nothing": b""}.items():
        for alg in ("HS256", "ES256"):
            signed = f"{segment({**good.head, 'alg': alg})}.{segment(good.claims)}"
            mac = hmac.digest(secret, signed.encode(), hashlib.sha256)
            yield f"{alg} by HMAC of the public {name}", f"{signed}.{b64url(mac)}"
            yield f"{alg} by HMAC of the public {name}, twice", f"{signed}.{b64url(mac + mac)}"


def signature_numbers(good: Credential, around: Surroundings) -> Named:
    """r and s at and beyond their bounds, in other lengths and another encoding."""
    del around
    signed, _, signature = good.token().rpartition(".")
    raw = b64url_bytes(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    edges = {"0": 0, "1": 1, "n": N, "n-1": N - 1, "n+1": N + 1, "max": 2**256 - 1}
    for name, edge in edges.items():
        yield f"r = {name}", f"{signed}.{raw_signature(edge, s)}"
        yield f"s = {name}", f"{signed}.{raw_signature(r, edge)}"
        yield f"r = s = {name}", f"{signed}.{raw_signature(edge, edge)}"
    yield "r and s exchanged", f"{signed}.{raw_signature(s, r)}"
    yield "r negated", f"{signed}.{raw_signature(N - r, s)}"
    if r + N < 2**256:
        yield "r + n", f"{signed}.{raw_signature(r + N, s)}"
    yield "DER", f"{signed}.{b64url(encode_dss_signature(r, s))}"
    yield "DER cut to 64", f"{signed}.{b64url(encode_dss_signature(r, s)[:64])}"
    yield "leading zero", f"{signed}.{b64url(bytes(1) + raw)}"
    yield "both with leading zero", f"{signed}.{b64url(bytes(1) + raw[:32] + bytes(1) + raw[32:])}"
    yield "zero at the end", f"{signed}.{b64url(raw + bytes(1))}"
    for length in (0, 1, 31, 32, 33, 63):
        yield f"signature of {length} bytes", f"{signed}.{b64url(raw[:length])}"
    yield "signature in hex", f"{signed}.{raw.hex()}"


def strangers(good: Credential, around: Surroundings) -> Named:
    stranger = around.stranger
    as_stranger = {**good.head, "kid": stranger.thumbprint}
    yield "a stranger's signature", forge(good.head, good.claims, stranger)
    yield "a stranger's key id", forge(as_stranger, good.claims, good.key)
    yield "a stranger's key and id", forge(as_stranger, good.claims, stranger)
    head, payload, signature = good.token().split(".")
    other = good.but(jti="B" * 22)
    yield "another token's signature", f"{head}.{payload}.{other.split('.')[2]}"
    yield "another token's payload", f"{head}.{other.split('.')[1]}.{signature}"


def key_ids(good: Credential, around: Surroundings) -> Named:
    kid = good.key.thumbprint
    texts = ["", "x", "../../../../etc/passwd", "/dev/null", "' OR '1'='1", "'; DROP TABLE app_keys; --", "%", "_" * 43]
    texts += [kid + " ", " " + kid, kid[:-1], kid + "=", kid.lower(), kid.upper(), "\x00" * 43, "é" * 43, "k" * 10_240]
    for value in [*texts, around.address, None, 0, True, 1.5, [kid], {"kid": kid}, [], {}]:
        yield f"kid {str(value)[:30]!r}", good.headed({**good.head, "kid": value})


def header_members(good: Credential, around: Surroundings) -> Named:
    public = around.stranger.public.model_dump()
    more: dict[str, Any] = {
        "jku": around.address,
        "x5u": around.address,
        "jwk": public,
        "x5c": ["MIIB"],
        "x5t": "AA",
        "x5t#S256": "A" * 43,
        "crit": ["exp"],
        "b64": False,
        "zip": "DEF",
        "cty": "JWT",
        "enc": "A256GCM",
        "iss": "orchestrator",
        "nonce": "1",
        "url": around.address,
        "": 1,
        "ALG": "none",
    }
    for name, value in more.items():
        yield f"header {name}", good.headed({**good.head, name: value})
        by_stranger = {**good.head, "kid": around.stranger.thumbprint, name: value}
        yield f"header {name}, signed by its key", forge(by_stranger, good.claims, around.stranger)
    yield "header crit b64", good.headed({**good.head, "crit": ["b64"], "b64": False})
    for name in good.head:
        yield f"no header {name}", good.headed({key: value for key, value in good.head.items() if key != name})


def types(good: Credential, around: Surroundings) -> Named:
    typ = good.kind.typ
    texts = ["JWT", "jwt", "JOSE", "", typ.upper(), "application/" + typ, typ + " ", typ.partition("+")[0]]
    for value in [*texts, None, 1, True, [typ], {"typ": typ}]:
        yield f"typ {value!r}", good.headed({**good.head, "typ": value})
    for name, token in around.others.items():
        yield f"the credential of another link: {name}", token
        typed = json.loads(b64url_bytes(token.split(".")[0]))["typ"]
        if typed != typ:
            yield f"typ of {name}", good.headed({**good.head, "typ": typed})


# ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def times(good: Credential, around: Surroundings) -> Named:
    now_s, life_s = around.now_s, good.kind.life_s
    for name, iat, exp in (
        ("just expired", now_s - SKEW_S - 10, now_s - SKEW_S),
        ("expired a second ago", now_s - SKEW_S - 11, now_s - SKEW_S - 1),
        ("expired long ago", now_s - _FAR_S, now_s - _FAR_S + 10),
        ("expired in 1970", 0, 1),
        ("issued in the future", now_s + SKEW_S + _MEANWHILE_S, now_s + SKEW_S + _MEANWHILE_S + 10),
        ("issued far in the future", now_s + _FAR_S, now_s + _FAR_S + 10),
        ("living a second too long", now_s, now_s + life_s + 1),
        ("living for ever", now_s, 2**40 - 1),
        ("living for no time", now_s, now_s),
        ("ending before it begins", now_s, now_s - 1),
        ("ending at the end of numbers", now_s, 10**30),
        ("beginning before all numbers", -(10**30), now_s + 10),
    ):
        yield name, good.but(iat=iat, exp=exp)
    for at_s in (0, now_s, now_s + _FAR_S, "now", None):
        yield f"nbf {at_s}", good.but(nbf=at_s)


def numbers(good: Credential, around: Surroundings) -> Named:
    """Numbers that are spelled as something else."""
    del around
    for name, value in good.claims.items():
        if not isinstance(value, int):
            continue
        spellings = [f'"{value}"', f"{value}.0", f"{value}e0", "true", "false", "null", "NaN", "Infinity", "1e999"]
        for spelling in [*spellings, f"0{value}", f"+{value}", f"[{value}]", "{}", "-1", str(10**30), hex(value)]:
            yield f"{name} {spelling}", good.saying(json.dumps({**good.claims, name: "@"}).replace('"@"', spelling))


def claim_values(good: Credential, around: Surroundings) -> Named:
    """Claims of another type, and every claim that must be there away."""
    del around
    for name, value in good.claims.items():
        if isinstance(value, int):
            continue
        required = good.kind.claims.model_fields[name].is_required()
        wrong: list[object] = [0, 1, True, 1.5, {}, {"": value}, [[value]], "", "x" * 3000]
        wrong += [None] if required else []
        wrong += [[value], [], value + "\n" * 2000] if isinstance(value, str) else [[None], str(value), [1]]
        for other in wrong:
            yield f"{name} {str(other)[:30]!r}", good.but(**{name: other})
        if required:
            yield f"{name} in capitals", good.saying(json.dumps(good.claims).replace(f'"{name}"', f'"{name.upper()}"'))
    for name in good.claims:
        if good.kind.claims.model_fields[name].is_required():
            yield f"no {name}", good.without(name)
    for name in ("admin", "role ", "scope", "azp", "client_id", "act", "", "__proto__", "constructor", "É"):
        if name not in good.claims:
            yield f"a further claim {name!r}", good.but(**{name: True})


def identifiers(good: Credential, around: Surroundings) -> Named:
    del around
    for jti in (
        "",
        "short",
        "A" * 21,
        "A" * 65,
        "A" * 22 + "\n",
        "A" * 21 + "é",
        "A" * 21 + "=",
        "' OR 1=1 -- aaaaaaaaaa",
    ):
        yield f"jti {jti!r}", good.but(jti=jti)
    for iss in ("", "Orchestrator", "orchestrator ", "https://orchestrator", "null", "*", "%"):
        yield f"iss {iss!r}", good.but(iss=iss)


# ── form ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def json_forms(good: Credential, around: Surroundings) -> Named:
    head, payload = json.dumps(good.head), json.dumps(good.claims)
    for name, value in good.claims.items():
        member = f"{json.dumps(name)}: {json.dumps(value)}"
        yield f"{name} twice", good.saying(f"{payload[:-1]}, {member}}}")
        yield (
            f"{name} twice, escaped",
            good.saying(f'{payload[:-1]}, "\\u{ord(name[0]):04x}{name[1:]}": {json.dumps(value)}}}'),
        )
    for name, value in good.head.items():
        yield f"header {name} twice", good.headed(f"{head[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}")
        yield f"header {name} twice, none first", good.headed(f'{{"{name}": "none", {head[1:]}')
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        yield f"payload in {encoding}", good.saying(payload.encode(encoding))
        yield f"header in {encoding}", good.headed(head.encode(encoding))
    for text in (
        "",
        "null",
        "true",
        "[]",
        '"x"',
        "1",
        "{",
        "}",
        payload + "x",
        payload + payload,
        payload[:-1],
        "\xff",
    ):
        yield f"payload {text[:10]!r}", good.saying(text)
        yield f"header {text[:10]!r}", good.headed(text)
    yield "payload of no UTF-8", good.saying(b"\xff\xfe\x80")
    yield "payload in single quotes", good.saying(payload.replace('"', "'"))
    yield "payload with a comment", good.saying(payload + "/**/")
    yield "payload in a list", good.saying(f"[{payload}]")
    yield "payload is a token", good.saying(around.others[min(around.others)] if around.others else "e30")
    for depth in (40, 400, good.kind.limit_bytes // 2):
        for name, deep in (("lists", "[" * depth + "]" * depth), ("objects", '{"a":' * depth + "1" + "}" * depth)):
            yield f"{depth} {name} deep", good.saying(f'{payload[:-1]}, "deep": {deep}}}')
            yield f"header {depth} {name} deep", good.headed(f'{head[:-1]}, "deep": {deep}}}')
            yield f"{depth} {name} deep, without an end", good.saying(deep[: depth * (1 if name == "lists" else 5)])


def compact_forms(good: Credential, around: Surroundings) -> Named:
    del around
    token = good.token()
    head, payload, signature = token.split(".")
    changed = {
        "padded": token + "=",
        "padded twice": token + "==",
        "header padded": f"{head}=.{payload}.{signature}",
        "payload padded": f"{head}.{payload}==.{signature}",
        "standard base64": f"{head}.{payload}.{signature[:-1]}+",
        "a dot more": token + ".",
        "a dot before": "." + token,
        "two dots": token.replace(".", "..", 1),
        "a fourth part": token + ".e30",
        "five parts": token + ".e30.e30",
        "no signature": f"{head}.{payload}",
        "an empty signature": f"{head}.{payload}.",
        "no payload": f"{head}..{signature}",
        "no header": f".{payload}.{signature}",
        "parts exchanged": f"{payload}.{head}.{signature}",
        "JSON serialisation": json.dumps({"payload": payload, "protected": head, "signature": signature}),
        "nothing": "",
        "dots": "..",
        "a word": "null",
        "a space inside": f"{head}. {payload}.{signature}",
        "twice with a dot": f"{token}.{token}",
        "twice": token + token,
        "quoted": f'"{token}"',
        "percent-encoded": token.replace(".", "%2E"),
        "fullwidth dots": token.replace(".", "\uff0e"),
        "a line end": token + "\n",
        "a null byte": token + "\x00",
        "a long one": "A" * 3000,
        "a long one in form": f"{'A' * 3000}.{payload}.{signature}",
        "a very long one": "A" * 30_000,
        "many dots": "." * 2000,
    }
    yield from changed.items()


def spellings(good: Credential, around: Surroundings) -> Named:
    """Other last characters of each segment: base64 has bits there that say nothing."""
    del around
    parts = good.token().split(".")
    for at, part in enumerate(parts):
        for bits in (1, 2, 3, 4, 5, 7, 8, 15, 16, 32, 48, 63):
            char = ALPHABET[ALPHABET.index(part[-1]) ^ bits]
            yield f"part {at} ending in {char}", ".".join([*parts[:at], part[:-1] + char, *parts[at + 1 :]])


def flips(good: Credential, around: Surroundings) -> Named:
    """Every position changed once, and some left out."""
    del around
    token = good.token()
    for at, char in enumerate(token):
        other = ALPHABET[ALPHABET.index(char) ^ 1] if char in ALPHABET else "A"
        yield f"character {at} flipped", f"{token[:at]}{other}{token[at + 1 :]}"
        if at % 16 == 0:
            yield f"character {at} left out", token[:at] + token[at + 1 :]


Family = Callable[[Credential, Surroundings], Named]
FAMILIES: Final[tuple[Family, ...]] = (
    times,
    algorithms,
    public_key_as_secret,
    signature_numbers,
    strangers,
    key_ids,
    header_members,
    types,
    numbers,
    claim_values,
    identifiers,
    json_forms,
    compact_forms,
    spellings,
    flips,
)

BRIEF: Final = tuple(family for family in FAMILIES if family not in (flips, spellings))
"""All but the long ones."""


def hostile_tokens(good: Credential, around: Surroundings, families: tuple[Family, ...] = FAMILIES) -> Named:
    """All of it, each under the name of its family; never the good token itself."""
    accepted = good.token()
    for family in families:
        for name, token in family(good, around):
            assert token != accepted, f"{family.__name__}: {name} changes nothing"
            yield f"{family.__name__}: {name}", token
