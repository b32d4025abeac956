import hashlib
import json

import pytest

from durable_objects.calls import RosterSet
from orchestrator.api import LAPSED_S
from orchestrator.routes import endpoints
from shared.ids import new_id
from shared.routing import verify_routing_token
from shared.tokens import ORCHESTRATOR, SESSION, SKEW_S, Tokens
from tests.orchestrator.office import (
    ABSENT,
    ADA,
    BEN,
    EPOCH,
    EVE,
    GROUP,
    ISSUER_KEY,
    LATER,
    LONG_AGO,
    NOW_S,
    ORG,
    OTHER_GROUP,
    OTHER_ORG,
    SESSION_KEY,
    Office,
    verdict,
)
from tests.shared.hostile import ES256

REFUSED = (401, "invalid_credential")
HIDDEN = (404, "not_found")
AMBIGUOUS = (400, "ambiguous_credential")
KEYS = {ISSUER_KEY.thumbprint: ISSUER_KEY.public}
OPEN, TOKEN, CLEANUP, RENEW = "/infra/groups", "/infra/routing-token", "/infra/cleanup", "/infra/sessions/renew"


def body(**members: object) -> bytes:
    return json.dumps(members).encode()


def bearer(office: Office, name: str = "prl_ben", **row: str) -> dict[str, str]:
    digest = hashlib.sha256(name.encode()).hexdigest()
    columns = {"id": f"tok_{name}", "user_id": BEN, "label": "x", "created_at": LONG_AGO, **row}
    office.database.insert("tokens", sha256=digest, **columns)
    return {"Authorization": f"Bearer {name}"}


RUN = new_id("run", 0, bytes(10))


def path_of(row: object) -> str:
    ids = {"group_id": GROUP, "user_id": BEN, "run_id": RUN}
    return str(getattr(row, "path", "")).format(**ids)


# ── who may call what ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("row", [row for row in endpoints.rows if row.auth != "anyone"], ids=lambda row: row.path)
async def test_nothing_is_done_for_nobody(office: Office, row: object) -> None:
    target = path_of(row)
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "GroupSig x"}, {"Authorization": ""}):
        assert verdict(await office.post(target, b"{}", headers)) == REFUSED
    assert office.controllers.asked == []


@pytest.mark.parametrize("row", endpoints.rows, ids=lambda row: row.path)
async def test_each_credential_opens_its_own_endpoints_alone(office: Office, row: object) -> None:
    auth, target = getattr(row, "auth", ""), path_of(row)
    by = {
        "app": office.as_app(target, b"{}"),
        "session": office.as_session(target, b"{}"),
        "bearer": bearer(office),
    }
    opens = {
        "app": {"app"},
        "session": {"session"},
        "lapsed_session": {"session"},
        "app_or_bearer": {"app", "bearer"},
        "anyone": set(by),
    }[auth]
    for who, headers in by.items():
        answered = verdict(await office.post(target, b"{}", headers))
        assert (answered != REFUSED) == (who in opens), f"{who} at {target}: {answered}"


# ── routing tokens ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_app_gets_a_routing_token_for_any_member_and_a_person_for_themselves(office: Office) -> None:
    asked = body(group_id=GROUP, user_id=BEN)
    for headers in (office.as_app(TOKEN, asked), bearer(office)):
        answer = (await office.post(TOKEN, asked, headers)).json()
        controller_id = office.controllers.controller_id(GROUP)
        claims = verify_routing_token(Tokens(ES256), answer["routing_token"], KEYS, GROUP, controller_id, NOW_S)
        assert (claims.sub, claims.role, claims.mv, claims.exp) == (BEN, "member", 0, NOW_S + 60)
        assert answer["expires_at"] == "2027-01-15T08:01:00.000Z"


@pytest.mark.parametrize(("group_id", "user_id"), [(GROUP, EVE), (ABSENT, BEN), (OTHER_GROUP, BEN), (GROUP, ADA)])
async def test_a_person_gets_none_for_others_nor_for_groups_of_others(
    office: Office, group_id: str, user_id: str
) -> None:
    asked = body(group_id=group_id, user_id=user_id)
    assert verdict(await office.post(TOKEN, asked, bearer(office))) == HIDDEN
    if user_id != ADA:
        assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == HIDDEN


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pending", HIDDEN),
        ("archiving", (409, "group_archiving")),
        ("archived", (409, "group_archived")),
        ("deleted", HIDDEN),
    ],
)
async def test_nobody_gets_one_into_a_group_that_is_not_active(
    office: Office, status: str, told: tuple[int, str]
) -> None:
    await office.database.rows("UPDATE groups SET status = ? WHERE id = ?", status, GROUP)
    asked = body(group_id=GROUP, user_id=BEN)
    assert verdict(await office.post(TOKEN, asked, bearer(office))) == told
    asked = body(group_id=GROUP, user_id=EVE)
    assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == HIDDEN


@pytest.mark.parametrize("row", [{"expires_at": LONG_AGO}, {"revoked_at": LONG_AGO}, {"revoked_at": LATER}], ids=str)
async def test_a_bearer_that_is_over_is_none(office: Office, row: dict[str, str]) -> None:
    asked = body(group_id=GROUP, user_id=BEN)
    assert verdict(await office.post(TOKEN, asked, bearer(office, "prl_over", **row))) == REFUSED
    assert (await office.post(TOKEN, asked, bearer(office, "prl_good", expires_at=LATER))).status_code == 200


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "bearer prl_ben",
        "Basic prl_ben",
        "prl_ben",
        "Bearer prl_be",
        "Bearer PRL_BEN",
        "Bearer x y",
    ],
)
async def test_a_bearer_is_its_whole_text_under_its_own_scheme(office: Office, value: str) -> None:
    bearer(office)
    bearer(office, "")
    assert verdict(await office.post(TOKEN, body(), {"Authorization": value})) == REFUSED


async def test_a_digest_of_a_bearer_is_no_bearer(office: Office) -> None:
    bearer(office)
    digest = hashlib.sha256(b"prl_ben").hexdigest()
    assert verdict(await office.post(TOKEN, body(), {"Authorization": f"Bearer {digest}"})) == REFUSED


async def test_two_credentials_are_one_too_many(office: Office) -> None:
    asked = body(group_id=GROUP, user_id=BEN)
    by_app, by_ben = office.as_app(TOKEN, asked), bearer(office)
    certificate = office.as_session(TOKEN, asked)["X-Session-Cert"]
    for headers in (
        {**by_app, "Authorization": f"{by_app['Authorization']}, {by_ben['Authorization']}"},
        {**by_app, "Authorization": f"{by_ben['Authorization']}, {by_app['Authorization']}"},
        {"Authorization": f"{by_ben['Authorization']}, {by_ben['Authorization']}"},
        {"Authorization": f"{by_ben['Authorization']},"},
        {**by_ben, "X-Session-Cert": certificate},
    ):
        assert verdict(await office.post(TOKEN, asked, headers)) == AMBIGUOUS
    assert verdict(await office.post(TOKEN, asked, {**by_app, "X-Session-Cert": certificate})) == REFUSED
    assert (await office.post(TOKEN, asked, by_app)).status_code == 200


async def test_a_person_gets_so_many_and_then_is_told_when_to_come_back(office: Office) -> None:
    office.rate_limit.left = 1
    asked, by_ben = body(group_id=GROUP, user_id=BEN), bearer(office)
    assert (await office.post(TOKEN, asked, by_ben)).status_code == 200
    answer = await office.post(TOKEN, asked, by_ben)
    assert verdict(answer) == (429, "too_many_requests")
    assert (answer.headers["retry-after"], answer.json()["retry_after_ms"]) == ("3", 2500)
    assert office.rate_limit.asked == [BEN, BEN]


async def test_asking_for_others_counts_and_what_an_app_asks_for_does_not(office: Office) -> None:
    asked = body(group_id=GROUP, user_id=ADA)
    assert verdict(await office.post(TOKEN, asked, bearer(office))) == HIDDEN
    assert (await office.post(TOKEN, asked, office.as_app(TOKEN, asked))).status_code == 200
    assert office.rate_limit.asked == [BEN]


# ── app keys ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change", ["revoked_at = '2020-01-01'", "not_after = '2020-01-01'", "not_before = '2030-01-01'", "kid = 'x'"]
)
async def test_an_app_key_that_is_not_valid_now_opens_nothing(office: Office, change: str) -> None:
    await office.database.rows(f"UPDATE app_keys SET {change}")  # noqa: S608 -- the test's own
    asked = body(group_id=GROUP, user_id=BEN)
    assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == REFUSED


async def test_a_row_whose_key_is_not_the_one_of_its_id_opens_nothing(office: Office) -> None:
    await office.database.rows("UPDATE app_keys SET jwk = ?", SESSION_KEY.public.model_dump_json())
    asked = body(group_id=GROUP, user_id=BEN)
    assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == REFUSED


# ── the end of a group, and the renewal of its session ──────────────────────────────────────────────────────────────


async def test_a_session_reports_on_its_own_group(office: Office) -> None:
    asked = body(group_id=GROUP, reason="status")
    answer = await office.post(CLEANUP, asked, office.as_session(CLEANUP, asked))
    assert answer.json() == {"status": "active", "archived_at": None}

    path = f"archives/{ORG}/{GROUP}/3.ndjson.gz"
    begun = body(group_id=GROUP, reason="over", begun=True)
    assert (await office.post(CLEANUP, begun, office.as_session(CLEANUP, begun))).json()["status"] == "archiving"
    for second in (0, 1):
        office.now_ms += second * 1000
        done = body(group_id=GROUP, reason="over", r2_path=path)
        answer = await office.post(CLEANUP, done, office.as_session(CLEANUP, done))
        assert answer.json() == {"status": "archived", "archived_at": "2027-01-15T08:00:00.000Z"}
    (row,) = await office.database.rows("SELECT r2_path FROM groups WHERE id = ?", GROUP)
    assert row["r2_path"] == path


@pytest.mark.parametrize(("begun", "stored"), [(False, True), (True, False)])
async def test_a_group_is_archived_where_its_archive_is_and_not_before_it_has_begun_to(
    office: Office, begun: bool, stored: bool
) -> None:
    path = f"archives/{ORG}/{GROUP}/3.ndjson.gz"
    office.archives = {path} if stored else ()
    if begun:
        await office.database.rows("UPDATE groups SET status = 'archiving' WHERE id = ?", GROUP)
    done = body(group_id=GROUP, reason="over", r2_path=path)
    assert verdict(await office.post(CLEANUP, done, office.as_session(CLEANUP, done))) == (409, "conflict")
    (row,) = await office.database.rows("SELECT status, r2_path FROM groups WHERE id = ?", GROUP)
    assert (row["status"], row["r2_path"]) == ("archiving" if begun else "active", None)


@pytest.mark.parametrize(
    "path",
    [
        f"archives/{OTHER_ORG}/{OTHER_GROUP}/1.ndjson.gz",
        f"archives/{ORG}/{OTHER_GROUP}/1.ndjson.gz",
        f"archives/{OTHER_ORG}/{GROUP}/1.ndjson.gz",
        f"archives/{ORG}/{GROUP}",
        f"archives/{ORG}/{GROUP}x/1.ndjson.gz",
        f"x/archives/{ORG}/{GROUP}/1.ndjson.gz",
        "x",
    ],
)
async def test_a_session_does_not_pass_off_another_groups_archive_as_its_own(office: Office, path: str) -> None:
    asked = body(group_id=GROUP, reason="over", r2_path=path)
    assert verdict(await office.post(CLEANUP, asked, office.as_session(CLEANUP, asked))) == (403, "forbidden")
    (row,) = await office.database.rows("SELECT status, r2_path FROM groups WHERE id = ?", GROUP)
    assert (row["status"], row["r2_path"]) == ("active", None)


@pytest.mark.parametrize("target", [CLEANUP, RENEW])
@pytest.mark.parametrize(
    ("group_id", "certified"),
    [
        (ABSENT, {}),
        (ABSENT, {"gid": ABSENT}),
        (OTHER_GROUP, {}),
        (OTHER_GROUP, {"gid": OTHER_GROUP}),
        (GROUP, {"gid": OTHER_GROUP}),
        (GROUP, {"sub": f"controller-of-{OTHER_GROUP}"}),
    ],
    ids=str,
)
async def test_no_session_speaks_for_another_group(
    office: Office, target: str, group_id: str, certified: dict[str, str]
) -> None:
    asked = body(group_id=group_id, **({"reason": "x"} if target == CLEANUP else {}))
    assert verdict(await office.post(target, asked, office.as_session(target, asked, **certified))) == HIDDEN


@pytest.mark.parametrize("target", [CLEANUP, RENEW])
async def test_a_session_that_was_replaced_says_nothing_more(office: Office, target: str) -> None:
    asked = body(group_id=GROUP, **({"reason": "x", "r2_path": "x"} if target == CLEANUP else {}))
    answer = await office.post(target, asked, office.as_session(target, asked, sep=EPOCH - 1))
    assert verdict(answer) == (403, "forbidden")


@pytest.mark.parametrize("target", [CLEANUP, RENEW])
async def test_a_session_that_the_directory_could_not_be_told_of_speaks_for_its_group(
    office: Office, target: str
) -> None:
    asked = body(group_id=GROUP, **({"reason": "x"} if target == CLEANUP else {}))
    assert (await office.post(target, asked, office.as_session(target, asked, sep=EPOCH + 1))).status_code == 200
    (row,) = await office.database.rows("SELECT status FROM groups WHERE id = ?", GROUP)
    assert row["status"] == "active"


async def test_a_session_is_renewed_with_its_own_key_and_todays_agents(office: Office) -> None:
    await office.database.rows("DELETE FROM group_agents")
    office.now_ms += 1000
    asked = body(group_id=GROUP)
    answer = (await office.post(RENEW, asked, office.as_session(RENEW, asked))).json()
    now_s = NOW_S + 1
    claims = Tokens(ES256).verify(SESSION, answer["session_certificate"], KEYS, issuer=ORCHESTRATOR, now_s=now_s)

    assert (claims.cnf.jwk, claims.sep, claims.gid, claims.agents) == (SESSION_KEY.public, EPOCH, GROUP, [])
    assert answer["expires_s"] == claims.exp == now_s + SESSION.life_s


LIVED_S = 3600


@pytest.mark.parametrize(
    ("target", "ended_s", "expected"),
    [
        (RENEW, SKEW_S, 200),
        (RENEW, LAPSED_S + SKEW_S - 1, 200),
        (RENEW, LAPSED_S + SKEW_S, 401),
        (CLEANUP, SKEW_S - 1, 200),
        (CLEANUP, SKEW_S, 401),
    ],
)
async def test_only_renewal_takes_a_certificate_that_has_ended(
    office: Office, target: str, ended_s: int, expected: int
) -> None:
    asked = body(group_id=GROUP, **({"reason": "x"} if target == CLEANUP else {}))
    times = {"iat": NOW_S - ended_s - LIVED_S, "exp": NOW_S - ended_s}
    answer = await office.post(target, asked, office.as_session(target, asked, **times))
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("status", "expected"), [("active", 200), ("archiving", 200), ("archived", 200), ("deleted", 200), ("pending", 404)]
)
async def test_a_group_is_renewed_as_long_as_it_has_something_to_report(
    office: Office, status: str, expected: int
) -> None:
    await office.database.rows("UPDATE groups SET status = ? WHERE id = ?", status, GROUP)
    asked = body(group_id=GROUP)
    assert (await office.post(RENEW, asked, office.as_session(RENEW, asked))).status_code == expected


# ── the roster ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("covered", "calls"), [(True, 1), (False, 2)])
async def test_a_roster_that_the_certificate_does_not_cover_opens_a_new_session(
    office: Office, covered: bool, calls: int
) -> None:
    office.controllers.answer = RosterSet(covered=covered).model_dump_json()
    target = f"/infra/groups/{GROUP}/roster"

    assert (await office.post(target, b"{}", office.as_app(target, b"{}"))).status_code == 200
    assert len(office.controllers.asked) == calls


async def test_there_is_no_roster_of_an_absent_group(office: Office) -> None:
    target = f"/infra/groups/{ABSENT}/roster"
    assert verdict(await office.post(target, b"{}", office.as_app(target, b"{}"))) == HIDDEN
