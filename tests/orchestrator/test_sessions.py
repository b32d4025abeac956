import pytest

from durable_objects.calls import Archive, OpenSession
from orchestrator.sessions import prepared_session
from shared.errors import NotFound
from shared.tokens import ORCHESTRATOR, SESSION, Tokens
from tests.orchestrator.office import (
    ABSENT,
    ADA,
    EPOCH,
    EVE,
    GROUP,
    ISSUER_KEY,
    NOW_S,
    ORG,
    OTHER_GROUP,
    OTHER_ORG,
    SCRIBE,
    SESSION_KEY,
    STRANGER,
    Office,
    verdict,
)
from tests.orchestrator.test_api import HIDDEN, KEYS, OPEN, RENEW, TOKEN, body
from tests.shared.hostile import ES256


async def test_an_app_opens_the_session_of_a_group_for_one_of_its_members(office: Office) -> None:
    asked = body(group_id=GROUP, org_id=ORG, user_id=ADA)
    opened = (await office.post(OPEN, asked, office.as_app(OPEN, asked))).json()
    tokens = Tokens(ES256)
    claims = tokens.verify(SESSION, opened["session_certificate"], KEYS, issuer=ORCHESTRATOR, now_s=NOW_S)

    assert (claims.gid, claims.sub, claims.sep) == (GROUP, opened["group_controller_id"], EPOCH + 1)
    assert (claims.agents, claims.aud, claims.scope) == ([SCRIBE], ["agents", "orchestrator"], "group")
    assert claims.exp - claims.iat == SESSION.life_s
    assert claims.cnf.jwk.x == opened["session_private_key"]["x"]
    ((group_id, call),) = office.controllers.asked
    assert group_id == GROUP
    assert isinstance(call, OpenSession)
    assert (call.certificate, call.session_epoch) == (opened["session_certificate"], EPOCH + 1)


async def test_a_caller_that_brings_its_key_gets_it_certified_and_the_group_one_of_its_own(office: Office) -> None:
    asked = body(group_id=GROUP, org_id=ORG, user_id=ADA, session_public_jwk=SESSION_KEY.public.model_dump())
    opened = (await office.post(OPEN, asked, office.as_app(OPEN, asked))).json()
    assert opened["session_private_key"] is None
    ((_, call),) = office.controllers.asked
    assert isinstance(call, OpenSession)
    tokens = Tokens(ES256)
    callers, groups = (
        tokens.verify(SESSION, text, KEYS, issuer=ORCHESTRATOR, now_s=NOW_S)
        for text in (opened["session_certificate"], call.certificate)
    )
    assert callers.cnf.jwk == SESSION_KEY.public
    assert groups.cnf.jwk == call.private_key.public != SESSION_KEY.public
    assert (callers.sub, callers.gid, callers.sep, callers.agents) == (
        groups.sub,
        groups.gid,
        groups.sep,
        groups.agents,
    )
    assert callers.jti != groups.jti


@pytest.mark.parametrize(
    "change",
    [
        {"x": SESSION_KEY.y, "y": SESSION_KEY.x},
        {"y": "A" * 43},
        {"x": "A" * 43, "y": "A" * 43},
        {"d": SESSION_KEY.d},
        {"kid": "x"},
        {"crv": "P-384"},
        {"kty": "RSA"},
        {"x": SESSION_KEY.x[:-1]},
        {"x": None},
    ],
    ids=str,
)
async def test_what_is_not_a_public_key_is_not_certified(office: Office, change: dict[str, str]) -> None:
    key = {**SESSION_KEY.public.model_dump(), **change}
    asked = body(group_id=GROUP, org_id=ORG, user_id=ADA, session_public_jwk=key)
    assert verdict(await office.post(OPEN, asked, office.as_app(OPEN, asked))) == (422, "invalid_body")
    assert office.controllers.asked == []


@pytest.mark.parametrize(
    "asked",
    [
        {"group_id": ABSENT, "org_id": ORG, "user_id": ADA},
        {"group_id": GROUP, "org_id": OTHER_ORG, "user_id": ADA},
        {"group_id": OTHER_GROUP, "org_id": ORG, "user_id": ADA},
        {"group_id": GROUP, "org_id": ORG, "user_id": EVE},
    ],
    ids=str,
)
async def test_no_session_is_opened_for_what_does_not_belong_together(office: Office, asked: dict[str, str]) -> None:
    assert verdict(await office.post(OPEN, body(**asked), office.as_app(OPEN, body(**asked)))) == HIDDEN
    assert office.controllers.asked == []


@pytest.mark.parametrize(
    ("status", "expected"), [("pending", 201), ("active", 201), ("archiving", 409), ("archived", 409)]
)
async def test_a_group_that_is_over_gets_no_session(office: Office, status: str, expected: int) -> None:
    await office.database.rows("UPDATE groups SET status = ? WHERE id = ?", status, GROUP)
    asked = body(group_id=GROUP, org_id=ORG, user_id=ADA)

    assert (await office.post(OPEN, asked, office.as_app(OPEN, asked))).status_code == expected
    (row,) = await office.database.rows("SELECT status FROM groups WHERE id = ?", GROUP)
    assert row["status"] == ("active" if expected == 201 else status)


async def test_of_a_group_that_is_not_there_no_session_is_prepared(office: Office) -> None:
    with pytest.raises(NotFound):
        await prepared_session(office.ports, ABSENT)


# ── after a key of ours was revoked ─────────────────────────────────────────────────────────────────────────────────


async def certified_by(office: Office, kid: str | None) -> None:
    await office.database.rows("UPDATE groups SET session_kid = ? WHERE id = ?", kid, GROUP)


async def kid_of(office: Office) -> object:
    (row,) = await office.database.rows("SELECT session_kid FROM groups WHERE id = ?", GROUP)
    return row["session_kid"]


def reopened(office: Office) -> list[str]:
    return [group_id for group_id, call in office.controllers.asked if isinstance(call, OpenSession)]


@pytest.mark.parametrize("kid", [STRANGER.thumbprint, None])
async def test_who_comes_to_a_group_whose_certificate_is_believed_no_more_has_its_session_opened_anew(
    office: Office, kid: str | None
) -> None:
    await certified_by(office, kid)
    asked = body(group_id=GROUP, user_id=ADA)
    for _ in range(2):
        assert (await office.post(TOKEN, asked, office.as_app(TOKEN, asked))).status_code == 200
        assert (reopened(office), await kid_of(office)) == ([GROUP], ISSUER_KEY.thumbprint)
    assert any("session_reopened" in line for line in office.lines)


async def test_for_who_may_not_come_in_nothing_is_opened(office: Office) -> None:
    await certified_by(office, STRANGER.thumbprint)
    asked = body(group_id=GROUP, user_id=EVE)
    assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == HIDDEN
    assert reopened(office) == []


@pytest.mark.parametrize(
    ("status", "kid", "anew"),
    [
        ("active", STRANGER.thumbprint, [GROUP]),
        ("archiving", STRANGER.thumbprint, [GROUP]),
        ("active", ISSUER_KEY.thumbprint, []),
        ("archived", STRANGER.thumbprint, []),
    ],
)
async def test_nor_can_a_group_be_archived_by_a_session_that_nobody_believes(
    office: Office, status: str, kid: str, anew: list[str]
) -> None:
    await certified_by(office, kid)
    await office.database.rows("UPDATE groups SET status = ?, archived_at = 'then' WHERE id = ?", status, GROUP)
    target, asked = f"/infra/groups/{GROUP}/archive", body(user_id=ADA, reason="done")
    await office.post(target, asked, office.as_app(target, asked))
    assert reopened(office) == anew
    calls = [call for _, call in office.controllers.asked]
    assert status == "archived" or isinstance(calls[-1], Archive), "first the session, then the archive"


async def test_a_renewal_is_certified_by_the_key_that_signs_now(office: Office) -> None:
    await certified_by(office, STRANGER.thumbprint)
    asked = body(group_id=GROUP)
    assert (await office.post(RENEW, asked, office.as_session(RENEW, asked))).status_code == 200
    assert await kid_of(office) == ISSUER_KEY.thumbprint
