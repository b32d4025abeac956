"""The cases that both runtimes are asked: published examples, the edges of the numbers, and all the hostile tokens."""

from collections.abc import Iterator
from typing import Any, Final

from shared.keys import b64url, b64url_bytes
from shared.signing import CERTIFICATE_HEADER, SCHEME, certificate_hash, content_digest
from shared.tokens import ARCHIVE, ORCHESTRATOR, REQUEST, ROUTING, SESSION, Kind
from tests.probe.curve import G, P, jwk, key_for, points_from
from tests.probe.verdicts import ACCEPTED, Case
from tests.shared.credential import Credential, N, Surroundings, malleated, raw_signature
from tests.shared.hostile import ES256
from tests.shared.mutations import hostile_tokens
from tools.es256 import new_private_key

NOW_S: Final = 1_800_000_000
MESSAGE: Final = b"Parley"
ORIGIN: Final = "https://orchestrator.test"
TARGET: Final = "/infra/groups?dry=1"
BODY: Final = b'{"group_id": "grp_1"}'
KEY, HOLDER, STRANGER = (new_private_key() for _ in range(3))

# RFC 7515, appendix A.3: ES256.
A3_KEY: Final = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
A3_INPUT: Final = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
A3_SIGNATURE: Final = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
# RFC 9449 §4.2 and §6.1: an EC key and its RFC 7638 thumbprint (the example of RFC 7638 §3.1 itself is an RSA key).
DPOP_KEY: Final = {
    "kty": "EC",
    "crv": "P-256",
    "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
    "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
}
DPOP_THUMBPRINT: Final = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
# RFC 9530, appendix B: contents and their digests.
DIGESTS: Final = {
    b"": "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    b'{"hello": "world"}\n': "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    b'{"title": "New Title"}\n': "sha-256=:mEkdbO7Srd9LIOegftO0aBX+VPTVz7/CSHes2Z27gc4=:",
}


def published() -> Iterator[tuple[str, Case, str]]:
    """Name, case, and the answer that its document gives."""
    yield "RFC 7515 A.3", signature_case(A3_KEY, A3_SIGNATURE, A3_INPUT), ACCEPTED
    yield "RFC 7515 A.3, changed", signature_case(A3_KEY, A3_SIGNATURE, A3_INPUT + b"x"), "signature"
    yield "RFC 9449 §6.1", {"ask": "thumbprint", "jwk": DPOP_KEY}, DPOP_THUMBPRINT
    for content, digest in DIGESTS.items():
        yield f"RFC 9530 {content!r}", {"ask": "digest", "body": b64url(content)}, digest


def signature_case(key: dict[str, str], signature: str, message: bytes = MESSAGE) -> Case:
    return {"ask": "signature", "jwk": key, "message": b64url(message), "signature": signature}


def edges() -> Iterator[tuple[str, Case, str]]:
    """Classes of Wycheproof's ecdsa_secp256r1_sha256_p1363, made here, each with the answer that mathematics gives."""
    public = KEY.public.model_dump()
    good = b64url(ES256.sign(KEY.pem(), MESSAGE))
    raw = b64url_bytes(good)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    yield "good", signature_case(public, good), ACCEPTED
    yield "s replaced by n - s", signature_case(public, raw_signature(r, N - s)), ACCEPTED
    for name, low in {"0": 0, "1": 1, "n - 1": N - 1, "n": N, "n + 1": N + 1, "p": P, "max": 2**256 - 1}.items():
        yield f"r = {name}", signature_case(public, raw_signature(low, s)), "signature"
        yield f"s = {name}", signature_case(public, raw_signature(r, low)), "signature"
        yield f"r = s = {name}", signature_case(public, raw_signature(low, low)), "signature"
    lengths = {f"cut to {n}": raw[:n] for n in (0, 1, 31, 32, 33, 62, 63)}
    longer = {"leading zero": b"\0" + raw, "trailing zero": raw + b"\0", "twice": raw + raw, "DER": b"\x30\x44" + raw}
    for name, changed in {**lengths, **longer}.items():
        yield f"signature {name}", signature_case(public, b64url(changed)), "signature"
    for at in range(64):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        yield f"signature byte {at}", signature_case(public, b64url(flipped)), "signature"
    yield from _chosen_signatures()
    yield from _odd_keys(good)


def _chosen_signatures() -> Iterator[tuple[str, Case, str]]:
    """r and s first, then the key they are right for."""
    small, large, beyond = points_from(1, 1, 4), points_from(N - 1, -1, 4), points_from(N, 1, 4)
    for kind, points in (("small", small), ("just below n", large), ("of an x beyond n", beyond), ("of G", [G])):
        for point in points:
            for name, s in (("1", 1), ("2", 2), ("n - 1", N - 1), ("(n + 1) / 2", (N + 1) // 2), ("2**128", 2**128)):
                made = key_for(point, s, MESSAGE)
                if made is None:
                    continue
                key, signature = made
                case = f"r {kind} ({point[0] % N:x}), s = {name}"
                yield case, signature_case(key, signature), ACCEPTED
                yield f"{case}, negated", signature_case(key, raw_signature(point[0] % N, N - s)), ACCEPTED
                if point[0] % N + N < 2**256:
                    yield f"{case}, r + n", signature_case(key, raw_signature(point[0] % N + N, s)), "signature"
                if s + N < 2**256:
                    yield f"{case}, s + n", signature_case(key, raw_signature(point[0] % N, s + N)), "signature"


def _odd_keys(signature: str) -> Iterator[tuple[str, Case, str]]:
    """Keys at the edges of the field, off the curve, and of another curve."""
    public = KEY.public.model_dump()
    number = int.from_bytes(b64url_bytes(public["x"]))
    for point in [*points_from(0, 1, 3), *points_from(P - 1, -1, 3), G, (G[0], P - G[1])]:
        yield f"key at {point[0]:x}, {point[1]:x}", signature_case(jwk(point), signature), "signature"
    off = {
        "0, 0": (0, 0),
        "0, 1": (0, 1),
        "x, 0": (number, 0),
        "x, x": (number, number),
        "p, p": (P, P),
        "max, max": (2**256 - 1, 2**256 - 1),
        "1, 1": (1, 1),
        "G, unreduced": (G[0], G[1] ^ 1),
        # A point of secp256k1: its generator.
        "secp256k1": (
            0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
            0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
        ),
    }
    for name, pair in off.items():
        yield f"key not on the curve: {name}", signature_case(jwk(pair), signature), "signature"
    yield "key of x + p", signature_case(jwk((points_from(0, 1, 1)[0][0] + P, 5)), signature), "signature"
    for more in ({"crv": "P-384"}, {"crv": "secp256k1"}, {"kty": "RSA"}, {"x": public["x"][:-1]}, {"d": KEY.d}):
        yield f"key {more}", signature_case({**public, **more}, signature), "not a key"


# ── all the hostile tokens ──────────────────────────────────────────────────────────────────────────────────────────


def good_claims(kind: Kind[Any]) -> dict[str, Any]:
    common = {"iss": ORCHESTRATOR, "sub": "sub-1", "iat": NOW_S, "exp": NOW_S + 50, "jti": "A" * 22, "gid": "grp_1"}
    request = {name: value for name, value in common.items() if name != "gid"}
    return {
        ROUTING.typ: {**common, "aud": "urn:groupchat:gc:1", "role": "member", "mv": 1},
        ARCHIVE.typ: {**common, "aud": "archive", "man": "A" * 43},
        REQUEST.typ: {
            **request,
            "aud": "orchestrator",
            "htm": "POST",
            "htu": ORIGIN + TARGET,
            "cdg": content_digest(BODY),
        },
        SESSION.typ: {
            **common,
            "aud": ["agents", "orchestrator"],
            "sep": 1,
            "agents": ["agt_1"],
            "scope": "group",
            "cnf": {"jwk": HOLDER.public.model_dump()},
        },
    }[kind.typ]


GOOD: Final = {kind.typ: Credential(kind, good_claims(kind), KEY) for kind in (ROUTING, ARCHIVE, REQUEST, SESSION)}


def token_case(kind: str, token: str) -> Case:
    keys = [KEY.public.model_dump()]
    return {"ask": "token", "kind": kind, "token": token, "keys": keys, "issuer": ORCHESTRATOR, "now_s": NOW_S}


def hostile_cases() -> Iterator[tuple[str, Case]]:
    """Every hostile token of every kind, and what is malleable or good among them for comparison."""
    for typ, good in GOOD.items():
        others = {other: credential.token() for other, credential in GOOD.items() if other != typ}
        around = Surroundings(STRANGER, "http://127.0.0.1:9/keys.json", others, NOW_S)
        for name, token in hostile_tokens(good, around):
            yield f"{typ} {name}", token_case(typ, token)
        yield f"{typ} good", token_case(typ, good.token())
        yield f"{typ} malleated", token_case(typ, malleated(good.token()))


def request_case(ask: str, headers: dict[str, str], **more: object) -> Case:
    audience = "orchestrator" if ask == "app request" else "agents"
    return {
        "ask": ask,
        "audience": audience,
        "origin": ORIGIN,
        "app_id": ORCHESTRATOR,
        "method": "POST",
        "target": TARGET,
        "headers": headers,
        "body": b64url(BODY),
        "keys": [KEY.public.model_dump()],
        "now_s": NOW_S,
        **more,
    }


def request_cases() -> Iterator[tuple[str, Case, str]]:
    """Whole requests, good and with one thing wrong."""
    certificate = GOOD[SESSION.typ].token()
    app = Credential(REQUEST, good_claims(REQUEST), KEY)
    bound = {"iss": "sub-1", "aud": "agents", "ath": certificate_hash(certificate)}
    session = Credential(REQUEST, {**good_claims(REQUEST), **bound}, HOLDER)
    digest = {"content-digest": content_digest(BODY)}
    plain = {name: value for name, value in app.claims.items() if name != "sub"} | {"sub": ORCHESTRATOR}
    app = Credential(REQUEST, plain, KEY)
    for ask, good, more in (
        ("app request", app, {}),
        ("session request", session, {CERTIFICATE_HEADER.lower(): certificate}),
    ):

        def headers(token: str, more: dict[str, str] = more) -> dict[str, str]:
            return {"authorization": f"{SCHEME} {token}", **digest, **more}

        mismatch = "does not match the request"
        yield f"{ask} good", request_case(ask, headers(good.token())), ACCEPTED
        yield f"{ask} malleated", request_case(ask, headers(malleated(good.token()))), ACCEPTED
        for change in ({"method": "GET"}, {"target": "/x"}, {"body": ""}, {"origin": "https://evil.test"}):
            yield f"{ask} {change}", request_case(ask, headers(good.token()), **change), mismatch
        yield f"{ask} late", request_case(ask, headers(good.token()), now_s=NOW_S + 55), "expired"
        for name in headers(good.token()):
            stripped = {key: value for key, value in headers(good.token()).items() if key != name}
            reasons = {"authorization": "no request signature", "content-digest": mismatch}
            yield f"{ask} no {name}", request_case(ask, stripped), reasons.get(name, "no session certificate")
