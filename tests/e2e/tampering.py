"""Every way we know to tamper with a signed request after it was signed.

Law: what is given here was signed for exactly one request; none of the variants is that request.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from shared.keys import b64url
from shared.signing import content_digest
from tests.e2e.assault import AMBIGUOUS, NO_METHOD, NOT_FOUND, REFUSED, UNREADABLE, Attempt
from tests.e2e.wire import RawRequest

_UNAUTHENTICATED: Final = REFUSED | NOT_FOUND | NO_METHOD
_BODY_STEPS: Final = 120


def tampered(signed: RawRequest, other_targets: tuple[str, ...]) -> Iterator[Attempt]:
    """`signed` is a good request that was not sent yet; `other_targets` are further paths of the same Worker."""
    yield from _bodies(signed)
    yield from _digests(signed)
    yield from _methods(signed)
    yield from _targets(signed, other_targets)
    yield from _headers(signed)
    yield from _schemes(signed)


def _bodies(signed: RawRequest) -> Iterator[Attempt]:
    body = signed.body
    step = max(1, len(body) // _BODY_STEPS)
    for at in range(0, len(body), step):
        for bit in (1, 128):
            changed = body[:at] + bytes([body[at] ^ bit]) + body[at + 1 :]
            yield Attempt(f"body byte {at} ^ {bit}", replace(signed, body=changed))
    spaced = {
        "space before": b" " + body,
        "space after": body + b" ",
        "line end after": body + b"\n",
        "re-spaced": body.replace(b'": ', b'":'),
        "indented": body.replace(b", ", b",\n "),
        "byte order mark": b"\xef\xbb\xbf" + body,
        "empty": b"",
        "null byte after": body + b"\x00",
        "cut": body[:-1],
        "twice": body + body,
        "a member twice": body[:-1] + b', "reason": "x"}',
        "another": b'{"group_id": "grp_00000000000000000000000000"}',
        "not JSON": b"\xff\xfe",
    }
    for name, changed in spaced.items():
        if changed == body:
            continue
        yield Attempt(f"body {name}", replace(signed, body=changed))
        own = _with(signed, "Content-Digest", content_digest(changed))
        yield Attempt(f"body {name}, with its own digest", replace(own, body=changed))


def _digests(signed: RawRequest) -> Iterator[Attempt]:
    digest = content_digest(signed.body)
    for value in (
        "",
        content_digest(b""),
        digest.replace("sha-256", "sha-512"),
        digest.replace("sha-256", "SHA-256"),
        digest.replace("sha-256", "md5"),
        digest.replace(":", ""),
        digest.replace("=:", ":"),
        digest.removesuffix(":"),
        digest + ";q=1",
        f"{digest}, {digest}",
        f"{digest}, sha-512=:AAAA:",
        f"sha-512=:AAAA:, {digest}",
        "sha-256=::",
        "sha-256=:" + "A" * 43 + "=:",
        "sha-256=" + b64url(b"x" * 32),
    ):
        yield Attempt(f"digest {value[:24]}", _with(signed, "Content-Digest", value))


def _methods(signed: RawRequest) -> Iterator[Attempt]:
    for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
            overridden = _plus(replace(signed, method=method), name, signed.method)
            yield Attempt(f"{method} with {name}", overridden, _UNAUTHENTICATED)
        yield Attempt(method, replace(signed, method=method), _UNAUTHENTICATED)
    for method in ("post", "Post", "TRACE", "PROPFIND", "FOO"):
        yield Attempt(method, replace(signed, method=method), _UNAUTHENTICATED | UNREADABLE)


def _targets(signed: RawRequest, others: tuple[str, ...]) -> Iterator[Attempt]:
    target = signed.target
    queries = ["?x=1", "?x", "?=", "?a=1&a=2", "?group_id=grp_0", "?_method=DELETE", "?%00", "?" + "x" * 3000]
    spelled = [target + "/", "/" + target, target.upper(), target.replace("/", "//"), target + "%20", target + "%00"]
    spelled += [f"/{'%' + f'{ord(target[1]):02x}'}{target[2:]}", target.replace("/", "%2f", 2), target + ";x=1"]
    spelled += [target + ".json", "/x" + target, target + "/..%2f", target.replace("a", "%61", 1)]
    for other in [*(target + query for query in queries), *spelled, *others]:
        if other != target:
            yield Attempt(f"target {other[:60]}", replace(signed, target=other), _UNAUTHENTICATED | UNREADABLE)


def _headers(signed: RawRequest) -> Iterator[Attempt]:
    for name, value in signed.headers:
        if name == "Content-Type":
            continue
        doubled = AMBIGUOUS if name == "Authorization" else frozenset()
        yield Attempt(f"without {name}", _without(signed, name))
        yield Attempt(f"{name} twice", _plus(signed, name, value), REFUSED | doubled)
        yield Attempt(f"{name} twice, the second empty", _plus(signed, name, ""), REFUSED | doubled)
        yield Attempt(f"{name} twice, the second different", _plus(signed, name, "x"), REFUSED | doubled)
        yield Attempt(f"{name} under another name", _plus(_without(signed, name), f"X-{name}", value))
        yield Attempt(f"{name} with an underscore", _plus(_without(signed, name), name.replace("-", "_") + "_", value))
        yield Attempt(f"{name} empty", _with(signed, name, ""))
        for odd in ("\u00a0", "\u200b", "é", "\x0b"):
            yield Attempt(f"{name} with {odd!r}", _with(signed, name, value + odd), REFUSED | UNREADABLE)
        yield Attempt(f"{name} in quotes", _with(signed, name, f'"{value}"'))
        yield Attempt(f"{name} and a comma", _with(signed, name, value + ","), REFUSED | doubled)
        yield Attempt(f"{name} of 100 KB", _with(signed, name, value + "A" * 100_000), REFUSED | UNREADABLE | {(0, "")})


def _schemes(signed: RawRequest) -> Iterator[Attempt]:
    token = dict(signed.headers)["Authorization"].split(" ")[1]
    for scheme in (
        "Bearer",
        "bearer",
        "groupsig",
        "GROUPSIG",
        "DPoP",
        "Basic",
        "JWT",
        "GroupSig:",
        "GroupSig GroupSig",
    ):
        value = f"{scheme} {token}"
        yield Attempt(f"scheme {scheme}", _with(signed, "Authorization", value), REFUSED | AMBIGUOUS)
    for value in (
        token,
        f"GroupSig{token}",
        f"GroupSig  {token}",
        f"GroupSig\t{token}",
        "GroupSig",
        f"GroupSig {token} x",
    ):
        yield Attempt(f"value {value[:16]!r}", _with(signed, "Authorization", value))
    everything = "&".join((signed.target + "?access_token=" + token, "token=" + token))
    yield Attempt("in the query", replace(_without(signed, "Authorization"), target=everything))
    yield Attempt("as a cookie", _plus(_without(signed, "Authorization"), "Cookie", f"Authorization=GroupSig {token}"))
    yield Attempt("as a proxy's", _plus(_without(signed, "Authorization"), "Proxy-Authorization", f"GroupSig {token}"))


def _without(signed: RawRequest, name: str) -> RawRequest:
    return replace(signed, headers=tuple(pair for pair in signed.headers if pair[0] != name))


def _plus(signed: RawRequest, name: str, value: str) -> RawRequest:
    return replace(signed, headers=(*signed.headers, (name, value)))


def _with(signed: RawRequest, name: str, value: str) -> RawRequest:
    return _plus(_without(signed, name), name, value)
