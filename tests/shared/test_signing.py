import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.errors import InvalidCredential, Unavailable
from shared.jwks import OwnKeys
from shared.keys import KeySet, PrivateKey, PublishedKey, b64url, b64url_bytes
from shared.signing import (
    CERTIFICATE_HEADER,
    SCHEME,
    SignedRequest,
    Signer,
    Verifier,
    certificate_hash,
    content_digest,
)
from shared.tokens import ORCHESTRATOR, REQUEST, SESSION, SKEW_S, SessionClaims, Tokens
from tests.fakes import FakeAppKeys, FakeReplayGuard
from tests.shared.hostile import ES256, forge, header
from tools.es256 import new_private_key

NOW_S = 1_800_000_000
APP, SESSION_KEY, ISSUER, STRANGER = (new_private_key() for _ in range(4))
TOKENS = Tokens(ES256)
ORIGIN, AGENTS_ORIGIN = "https://orchestrator.test", "https://agents.test"
TARGET = "/infra/groups?dry=1"
BODY = b'{"group_id":"grp_1"}'
CONTROLLER = "controller-1"
JTI = "A" * 22


class Link:
    """An app and an Orchestrator, and a Group Controller and the Agents Worker: both ends of both links."""

    def __init__(self) -> None:
        self.guard = FakeReplayGuard()
        self.orchestrator = Verifier(TOKENS, self.guard, "orchestrator", ORIGIN)
        self.agents = Verifier(TOKENS, self.guard, "agents", AGENTS_ORIGIN)
        self.app_keys = FakeAppKeys({APP.thumbprint: ("parley-app", APP.public)})
        self.issuer_keys = OwnKeys(KeySet(keys=(PublishedKey.of(ISSUER.public),)))

    async def app_request(self, request: SignedRequest, now_s: int = NOW_S) -> str:
        return await self.orchestrator.app_request(request, self.app_keys, now_s)

    async def session_request(self, request: SignedRequest, now_s: int = NOW_S) -> SessionClaims:
        return await self.agents.session_request(request, self.issuer_keys, ORCHESTRATOR, now_s)


@pytest.fixture
def link() -> Link:
    return Link()


def app_signed(**more: object) -> SignedRequest:
    """A good request of the app, or one whose claims differ by `more`."""
    return signed(APP, {**app_claims(), **more})


def app_claims() -> dict[str, Any]:
    return {
        "iss": "parley-app",
        "sub": "parley-app",
        "aud": "orchestrator",
        "htm": "POST",
        "htu": ORIGIN + TARGET,
        "cdg": content_digest(BODY),
        "iat": NOW_S,
        "exp": NOW_S + 30,
        "jti": JTI,
    }


def signed(key: PrivateKey, claims: Mapping[str, Any], **headers: str) -> SignedRequest:
    token = forge(header(key, REQUEST.typ), claims, key)
    return SignedRequest(
        method="POST",
        target=TARGET,
        headers={"authorization": f"{SCHEME} {token}", "content-digest": content_digest(BODY), **headers},
        body=BODY,
    )


def certificate(key: PrivateKey = ISSUER, **more: object) -> str:
    claims = {
        "iss": ORCHESTRATOR,
        "sub": CONTROLLER,
        "aud": ["agents", "orchestrator"],
        "gid": "grp_1",
        "sep": 1,
        "agents": ["agt_1"],
        "scope": "group",
        "cnf": {"jwk": SESSION_KEY.public.model_dump()},
        "iat": NOW_S,
        "exp": NOW_S + 3600,
        "jti": JTI,
        **more,
    }
    return forge(header(key, SESSION.typ), claims, key)


def session_claims(cert: str, **more: object) -> dict[str, Any]:
    who = {"iss": CONTROLLER, "sub": CONTROLLER, "aud": "agents", "ath": certificate_hash(cert)}
    return {**app_claims(), **who, "htu": AGENTS_ORIGIN + TARGET, **more}


def session_signed(cert: str | None = None, key: PrivateKey = SESSION_KEY, **more: object) -> SignedRequest:
    cert = cert or certificate()
    return signed(key, session_claims(cert, **more), **{CERTIFICATE_HEADER.lower(): cert})


async def refuse(verification: Awaitable[object]) -> str:
    """The reason that goes to the log."""
    with pytest.raises(InvalidCredential) as refusal:
        await verification
    assert refusal.value.detail == InvalidCredential.title, "outside, every failure looks the same"
    return refusal.value.reason


# ── what a signer signs, its verifier believes ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("body", [BODY, b"", b"\x00\xff"])
@pytest.mark.parametrize("target", ["/infra/groups", "/infra/groups?a=1&a=2", "/groups/%C3%A9/x?q=%2F"])
async def test_an_apps_request_is_believed(link: Link, target: str, body: bytes) -> None:
    headers = Signer(TOKENS, APP, "parley-app", "orchestrator", ORIGIN).headers(
        "POST", target, body, now_s=NOW_S, jti=JTI
    )
    request = SignedRequest("POST", target, {name.lower(): value for name, value in headers.items()}, body)

    assert await link.app_request(request) == "parley-app"


async def test_a_group_controllers_request_is_believed(link: Link) -> None:
    cert = certificate()
    signer = Signer(TOKENS, SESSION_KEY, CONTROLLER, "agents", AGENTS_ORIGIN, cert)
    headers = signer.headers("POST", TARGET, BODY, now_s=NOW_S, jti=JTI, invocation="run_1")
    request = SignedRequest("POST", TARGET, {name.lower(): value for name, value in headers.items()}, BODY)

    assert (await link.session_request(request)).agents == ["agt_1"]


async def test_requests_made_by_hand_are_believed_too(link: Link) -> None:
    assert await link.app_request(app_signed()) == "parley-app"
    assert (await link.session_request(session_signed())).gid == "grp_1"


# ── what is signed cannot be changed ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"method": "PUT"},
        {"method": "post"},
        {"target": "/infra/groups"},
        {"target": "/infra/groups?dry=2"},
        {"target": "/infra/groups?dry=1&x=1"},
        {"target": "/infra/groups?dry=1#x"},
        {"target": "/infra/cleanup?dry=1"},
        {"target": "/infra/groups/?dry=1"},
        {"target": "/infra//groups?dry=1"},
        {"target": "/INFRA/groups?dry=1"},
        {"target": "/infra/%67roups?dry=1"},
        {"body": BODY + b" "},
        {"body": BODY.replace(b":", b": ")},
        {"body": BODY.replace(b"1", b"2")},
        {"body": b""},
    ],
    ids=lambda change: str(change)[:50],
)
async def test_a_changed_request_is_refused(link: Link, change: dict[str, Any]) -> None:
    assert "does not match" in await refuse(link.app_request(replace(app_signed(), **change)))
    assert "does not match" in await refuse(link.session_request(replace(session_signed(), **change)))


async def test_a_changed_body_with_its_own_digest_is_refused(link: Link) -> None:
    request, body = app_signed(), b'{"group_id":"grp_2"}'
    headers = {**request.headers, "content-digest": content_digest(body)}
    await refuse(link.app_request(replace(request, body=body, headers=headers)))


@pytest.mark.parametrize(
    "digest",
    [
        "",
        content_digest(b""),
        content_digest(BODY) + ", " + content_digest(BODY),
        content_digest(BODY) + ", sha-512=:AAAA:",
        " " + content_digest(BODY),
        content_digest(BODY).upper(),
        content_digest(BODY).replace("sha-256", "sha-512"),
    ],
)
async def test_another_content_digest_is_refused(link: Link, digest: str) -> None:
    request = app_signed()
    await refuse(link.app_request(replace(request, headers={**request.headers, "content-digest": digest})))


@pytest.mark.parametrize("name", ["authorization", "content-digest", CERTIFICATE_HEADER.lower()])
async def test_a_stripped_or_doubled_header_is_refused(link: Link, name: str) -> None:
    """A doubled header reaches the Worker as one, joined by a comma (Fetch standard, `Headers`)."""
    request = session_signed()
    stripped = {key: value for key, value in request.headers.items() if key != name}
    doubled = {**request.headers, name: f"{request.headers[name]}, {request.headers[name]}"}
    await refuse(link.session_request(replace(request, headers=stripped)))
    await refuse(link.session_request(replace(request, headers=doubled)))


@pytest.mark.parametrize("scheme", ["Bearer", "groupsig", "GROUPSIG", "GroupSig,", "DPoP", ""])
async def test_another_scheme_is_refused(link: Link, scheme: str) -> None:
    request = app_signed()
    token = request.headers["authorization"].split(" ")[1]
    for value in (f"{scheme} {token}", f"{scheme}{token}", f"{SCHEME}  {token}", f"{SCHEME}\t{token}", SCHEME, token):
        await refuse(link.app_request(replace(request, headers={**request.headers, "authorization": value})))


@pytest.mark.parametrize(
    "more",
    [
        {"aud": "agents"},
        {"aud": ["orchestrator"]},
        {"htm": "GET"},
        {"htu": TARGET},
        {"htu": "http://orchestrator.test" + TARGET},
        {"htu": AGENTS_ORIGIN + TARGET},
        {"htu": ORIGIN + ":443" + TARGET},
        {"iss": "other-app"},
        {"sub": "other-app"},
        {"iss": "other-app", "sub": "other-app"},
        {"ath": "A" * 43},
        {"admin": True},
        {"exp": NOW_S + 61},
        {"iat": NOW_S + SKEW_S + 1},
        {"iat": NOW_S - 100, "exp": NOW_S - SKEW_S},
    ],
    ids=str,
)
async def test_a_claim_that_does_not_fit_is_refused(link: Link, more: dict[str, Any]) -> None:
    await refuse(link.app_request(app_signed(**more)))


async def test_an_unknown_key_is_refused(link: Link) -> None:
    assert await refuse(link.app_request(signed(STRANGER, app_claims()))) == "unknown kid"


async def test_a_strangers_signature_under_a_known_key_id_is_refused(link: Link) -> None:
    for good, verify in ((app_signed(), link.app_request), (session_signed(), link.session_request)):
        claimed, _, _ = good.headers["authorization"].rpartition(".")
        _, _, signature = signed(STRANGER, app_claims()).headers["authorization"].rpartition(".")
        headers = {**good.headers, "authorization": f"{claimed}.{signature}"}
        assert (await refuse(verify(replace(good, headers=headers)))).startswith("signature")


async def test_one_apps_key_does_not_speak_for_another(link: Link) -> None:
    link.app_keys.keys[STRANGER.thumbprint] = ("other-app", STRANGER.public)

    await refuse(link.app_request(signed(STRANGER, app_claims())))


async def test_an_app_has_no_certificate_and_a_session_needs_one(link: Link) -> None:
    request = app_signed()
    with_certificate = {**request.headers, CERTIFICATE_HEADER.lower(): certificate()}

    await refuse(link.app_request(replace(request, headers=with_certificate)))
    assert await refuse(link.session_request(request)) == "no session certificate"


# ── the certificate ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_another_groups_certificate_does_not_fit_the_key(link: Link) -> None:
    other = certificate(gid="grp_2", sub="controller-2", cnf={"jwk": STRANGER.public.model_dump()})

    assert await refuse(link.session_request(session_signed(other))) == "not the certificate's key"


async def test_a_certificate_cannot_be_exchanged_under_a_signature(link: Link) -> None:
    """Two certificates for one key, as at a renewal: `ath` says which one was meant."""
    request = session_signed(certificate(sep=1))
    headers = {**request.headers, CERTIFICATE_HEADER.lower(): certificate(sep=2)}

    assert "ath" in await refuse(link.session_request(replace(request, headers=headers)))


async def test_a_certificate_of_another_issuer_is_refused(link: Link) -> None:
    assert await refuse(link.session_request(session_signed(certificate(STRANGER)))) == "unknown kid"


async def test_a_stranger_cannot_certify_itself(link: Link) -> None:
    own = certificate(STRANGER, cnf={"jwk": STRANGER.public.model_dump()})

    await refuse(link.session_request(session_signed(own, STRANGER)))


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "parley-app"},
        {"sub": "controller-2"},
        {"aud": ["orchestrator"]},
        {"aud": "agents"},
        {"aud": ["agents", "agents"]},
        {"aud": ["orchestrator", "orchestrator"]},
        {"scope": "org"},
        {"sep": 0},
        {"sep": True},
        {"exp": NOW_S + SESSION.life_s + 1},
        {"iat": NOW_S - 3700, "exp": NOW_S - 100},
        {"iat": NOW_S + 100},
    ],
    ids=str,
)
async def test_a_certificate_that_does_not_fit_is_refused(link: Link, more: dict[str, Any]) -> None:
    await refuse(link.session_request(session_signed(certificate(**more))))


@pytest.mark.parametrize(
    "more", [{"iss": "controller-2"}, {"sub": "controller-2"}, {"ath": None}, {"aud": "orchestrator"}]
)
async def test_a_session_speaks_for_itself_alone(link: Link, more: dict[str, Any]) -> None:
    cert = certificate()
    claims = {name: value for name, value in session_claims(cert, **more).items() if value is not None}
    await refuse(link.session_request(signed(SESSION_KEY, claims, **{CERTIFICATE_HEADER.lower(): cert})))


async def test_a_certificate_is_no_request_signature_nor_the_other_way_round(link: Link) -> None:
    request, cert = session_signed(), certificate()
    token = request.headers["authorization"].removeprefix(f"{SCHEME} ")
    as_request = {**request.headers, "authorization": f"{SCHEME} {cert}"}
    as_certificate = {**request.headers, CERTIFICATE_HEADER.lower(): token}

    await refuse(link.session_request(replace(request, headers=as_request)))
    await refuse(link.session_request(replace(request, headers=as_certificate)))


# ── replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_use_is_refused(link: Link) -> None:
    await link.app_request(app_signed())

    assert await refuse(link.app_request(app_signed())) == "used before"


async def test_of_fifty_at_once_one_is_believed(link: Link) -> None:
    answers = await asyncio.gather(*(link.app_request(app_signed()) for _ in range(50)), return_exceptions=True)

    assert [answer for answer in answers if answer == "parley-app"] == ["parley-app"]


async def test_a_malleated_signature_is_the_same_use(link: Link) -> None:
    """(r, n - s) is as valid as (r, s); that is why uses are told apart by jti and not by signature."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    request = app_signed()
    await link.app_request(request)
    signed_part, _, signature = request.headers["authorization"].rpartition(".")
    raw = b64url_bytes(signature)
    twin = raw[:32] + (n - int.from_bytes(raw[32:])).to_bytes(32)
    headers = {**request.headers, "authorization": f"{signed_part}.{b64url(twin)}"}

    assert await refuse(link.app_request(replace(request, headers=headers))) == "used before"


async def test_a_use_is_remembered_for_as_long_as_it_could_be_repeated(link: Link) -> None:
    await link.app_request(app_signed())

    assert link.guard.used == {(APP.thumbprint, JTI): NOW_S + 30 + SKEW_S}
    await refuse(link.app_request(app_signed(), now_s=NOW_S + 30 + SKEW_S - 1))
    assert await refuse(link.app_request(app_signed(), now_s=NOW_S + 30 + SKEW_S)) == "expired"


async def test_a_refused_request_uses_nothing_up(link: Link) -> None:
    await refuse(link.app_request(replace(app_signed(), body=b"")))
    await refuse(link.app_request(signed(STRANGER, app_claims())))

    assert link.guard.used == {}


async def test_without_its_guard_nothing_is_believed(link: Link) -> None:
    link.guard.down = True

    with pytest.raises(Unavailable):
        await link.app_request(app_signed())
    with pytest.raises(Unavailable):
        await link.session_request(session_signed())


def test_the_digest_is_that_of_rfc_9530() -> None:
    """RFC 9530, appendix B.1: the digest of an empty body."""
    assert content_digest(b"") == "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
