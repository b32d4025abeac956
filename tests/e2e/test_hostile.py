"""A thousand bad credentials at every link: none is accepted, none breaks anything, none makes us call its author."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from orchestrator.routes import endpoints
from shared.protocol import BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL
from shared.signing import SCHEME
from tests.agents.turns import RUN_ID
from tests.e2e.agent_request import run_request
from tests.e2e.assault import (
    AMBIGUOUS,
    FORBIDDEN,
    NOT_FOUND,
    REFUSED,
    TOO_LONG,
    Attempt,
    Tally,
    assault,
    attempt,
)
from tests.e2e.canary import Canary, canary
from tests.e2e.deployment import Deployment, Team
from tests.e2e.disguises import claims_of_another_request, odd_bearers, odd_upgrades
from tests.e2e.hostile_sessions import certified_for_less, session_attempts
from tests.e2e.links import Chain, Session, signed, upgrade
from tests.e2e.tampering import tampered
from tests.e2e.wire import RawRequest, Wire
from tests.shared.credential import Credential, malleated, renamed
from tests.shared.mutations import BRIEF, FAMILIES, Family, hostile_tokens, times

ENOUGH = 1000
DAY_S = 24 * 3600


@pytest.fixture
def chain(team: Team) -> Chain:
    return Chain(team, team.new_group("ben"))


@pytest.fixture
async def bird() -> AsyncIterator[Canary]:
    async with canary() as listening:
        yield listening


@pytest.fixture
async def orchestrator(deployment: Deployment) -> AsyncIterator[Wire]:
    async with Wire(deployment.origin("orchestrator")) as wire:
        yield wire


def held(report: list[str], tally: Tally, bird: Canary, enough: int = ENOUGH) -> None:
    report.append(str(tally))
    tally.held()
    assert tally.attempts >= enough
    assert bird.calls == 0, "a credential has made somebody call its author"


# ── App → Orchestrator ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_app_is_believed_by_its_own_fresh_signature_alone(
    chain: Chain, bird: Canary, orchestrator: Wire, hostile_report: list[str]
) -> None:
    target = "/infra/groups"
    body = json.dumps(
        {"group_id": chain.group_id, "org_id": chain.team.org_id, "user_id": chain.team.ids["ada"]}
    ).encode()
    around, good = chain.surroundings(bird.url, "app request"), chain.app(target, body)
    base, certificate = signed(target, body, good.token()), chain.session().certificate_text
    others = ("/infra/cleanup", "/infra/routing-token", f"/infra/groups/{chain.group_id}/roster", "/healthz/x")

    def attempts() -> Iterator[Attempt]:
        for name, token in hostile_tokens(good, around):
            yield attempt(name, signed(target, body, token))
        yield from tampered(base, others)
        for name, claims in claims_of_another_request(chain, target).items():
            yield attempt(name, signed(target, body, good.but(**claims)))
        yield attempt("with a certificate", signed(target, body, good.token(), certificate))

    tally = await assault(orchestrator, "App → Orchestrator", attempts())
    held(hostile_report, tally, bird)
    assert (await orchestrator.send(base)).status == 201, "the credential behind all of them was good"
    assert (await orchestrator.send(signed(target, body, malleated(good.token())))).code == "invalid_credential"


async def test_every_call_of_an_app_takes_the_same_proof(
    chain: Chain, bird: Canary, orchestrator: Wire, hostile_report: list[str]
) -> None:
    """The short list at every endpoint of the table, whoever is to call it: a new one is not forgotten."""
    closed = [row for row in endpoints.rows if row.auth != "anyone"]
    around = chain.surroundings(bird.url)

    def attempts() -> Iterator[Attempt]:
        for row in closed:
            target = row.path.format(group_id=chain.group_id, user_id=chain.team.ids["ben"], run_id=RUN_ID)
            yield attempt(f"{target} unsigned", RawRequest(row.method, target, (("Content-Type", "application/json"),)))
            good = chain.app(target, b"{}")
            for family in BRIEF:
                for name, token in list(family(good, around))[::4]:
                    two = AMBIGUOUS if row.auth == "app_or_bearer" and "," in token else frozenset()
                    yield Attempt(f"{target} {name}", signed(target, b"{}", token), REFUSED | two | TOO_LONG)

    held(hostile_report, await assault(orchestrator, "every endpoint", attempts()), bird, 800)


# ── person → Orchestrator, socket ───────────────────────────────────────────────────────────────────────────────────


def in_query(chain: Chain, token: str) -> RawRequest:
    return upgrade(f"/groups/{chain.group_id}/ws?token={quote(token, safe='')}")


def as_subprotocol(chain: Chain, token: str) -> RawRequest:
    offered = f"{SUBPROTOCOL}, {BEARER_SUBPROTOCOL_PREFIX}{token}"
    return upgrade(f"/groups/{chain.group_id}/ws", ("Sec-WebSocket-Protocol", offered))


@pytest.mark.parametrize("carry", [in_query, as_subprotocol], ids=lambda carry: carry.__name__)
async def test_a_socket_opens_to_a_routing_token_of_that_group_alone(
    chain: Chain, bird: Canary, orchestrator: Wire, hostile_report: list[str], carry: object
) -> None:
    carried = in_query if carry is in_query else as_subprotocol
    other = Chain(chain.team, chain.team.new_group())
    around, good = chain.surroundings(bird.url, "routing token"), chain.routing()

    def attempts() -> Iterator[Attempt]:
        for name, token in hostile_tokens(good, around):
            yield attempt(name, carried(chain, token))
        foreign = other.routing()
        yield attempt("another group's token", carried(chain, foreign.token()))
        yield attempt("another group's path", carried(other, good.token()))
        yield attempt("another group's gid", carried(chain, good.but(gid=other.group_id)))
        yield attempt("another group's aud", carried(chain, good.but(aud=foreign.claims["aud"])))
        for role in ("admin", "Owner", "", "agent"):
            yield attempt(f"role {role}", carried(chain, good.but(role=role)))
        yield from odd_upgrades(chain, carried(chain, good.token()), good.token())

    tally = await assault(orchestrator, f"person → Orchestrator, {carried.__name__}", attempts())
    held(hostile_report, tally, bird)
    assert (await orchestrator.send(carried(chain, good.token()))).status == 101
    async with Wire(chain.origin("app")) as app:
        assert (await app.send(carried(chain, good.token()))).status == 101
        through = [attempt(name, carried(chain, token)) for name, token in list(hostile_tokens(good, around))[::12]]
        (await assault(app, "the same through the App", through)).held()


# ── person → Orchestrator and App, bearer ───────────────────────────────────────────────────────────────────────────


async def test_a_bearer_is_the_whole_token_of_a_person(
    chain: Chain, bird: Canary, orchestrator: Wire, hostile_report: list[str]
) -> None:
    team, target = chain.team, "/infra/routing-token"
    body = json.dumps({"group_id": chain.group_id, "user_id": team.ids["ben"]}).encode()
    media = ("Content-Type", "application/json")
    spent = {name: _spent_bearer(chain, sql) for name, sql in SPENT.items()}
    around = chain.surroundings(bird.url)
    certificate = ("X-Session-Cert", around.others["certificate"])

    def ask(authorization: str, *more: tuple[str, str]) -> RawRequest:
        return RawRequest("POST", target, (("Authorization", authorization), media, *more), body)

    def attempts() -> Iterator[Attempt]:
        for name, value in odd_bearers(team.bearers["ben"]):
            yield attempt(name, ask(value))
        for name, token in {**spent, **around.others, "operator": team.deployment.keys.operator_token}.items():
            yield attempt(name, ask(f"Bearer {token}"))
        for name in ("ada", "cleo"):
            yield Attempt(f"{name} for ben", ask(f"Bearer {team.bearers[name]}"), NOT_FOUND)
        good = f"Bearer {team.bearers['ben']}"
        signature = f"{SCHEME} {chain.app(target, body).token()}"
        for name, request in {
            "bearer and signature": ask(good, ("Authorization", signature)),
            "signature and bearer": ask(signature, ("Authorization", good)),
            "both in one": ask(f"{good}, {signature}"),
            "bearer twice": ask(good, ("Authorization", good)),
            "bearer and nothing": ask(good, ("Authorization", "")),
            "bearer and certificate": ask(good, certificate),
        }.items():
            yield Attempt(name, request, AMBIGUOUS)
        for name, token in list(hostile_tokens(chain.app(target, body), around))[::10]:
            yield Attempt(name, ask(f"{SCHEME} {token}"), attempt(name, ask(token)).expected | AMBIGUOUS)
        yield attempt("in the query", replace(ask(""), target=f"{target}?access_token={team.bearers['ben']}"))

    tally = await assault(orchestrator, "bearer → /infra/routing-token", attempts())
    held(hostile_report, tally, bird)
    assert (await orchestrator.send(ask(f"Bearer {team.bearers['ben']}"))).status == 200


SPENT = {
    "expired": "UPDATE tokens SET expires_at = '2001-01-01T00:00:00.000Z' WHERE id = ?",
    "revoked": "UPDATE tokens SET revoked_at = '2001-01-01T00:00:00.000Z' WHERE id = ?",
    "revoked just now": "UPDATE tokens SET revoked_at = strftime('%Y-%m-%dT%H:%M:%fZ') WHERE id = ?",
}


def _spent_bearer(chain: Chain, sql: str) -> str:
    made = chain.team.post("ada", f"/people/{chain.team.ids['ben']}/tokens", {"label": "spent"})
    chain.team.deployment.stack.query(sql, made["id"])
    return str(made["token"])


async def test_the_app_takes_the_same_bearers_and_no_others(
    chain: Chain, bird: Canary, hostile_report: list[str]
) -> None:
    good, around = chain.team.bearers["ben"], chain.surroundings(bird.url)
    spent = {name: _spent_bearer(chain, sql) for name, sql in SPENT.items()}

    def ask(authorization: str, *more: tuple[str, str]) -> RawRequest:
        return RawRequest("GET", "/me", (("Authorization", authorization), *more))

    def attempts() -> Iterator[Attempt]:
        for name, value in odd_bearers(good):
            yield attempt(name, ask(value))
        for name, token in {**spent, **around.others, "operator": chain.team.deployment.keys.operator_token}.items():
            yield attempt(name, ask(f"Bearer {token}"))
        yield attempt("twice", ask(f"Bearer {good}", ("Authorization", f"Bearer {good}")))
        yield attempt("in the query", replace(ask(""), target=f"/me?access_token={good}&token={good}"))
        yield attempt("as a cookie", ask("", ("Cookie", f"token={good}")))

    async with Wire(chain.origin("app")) as app:
        held(hostile_report, await assault(app, "person → App", attempts()), bird)
        assert (await app.send(ask(f"Bearer {good}"))).status == 200


# ── Group Controller → Agents, Group Controller → cleanup ───────────────────────────────────────────────────────────


async def test_agents_run_for_the_session_that_may_call_them_alone(
    chain: Chain, bird: Canary, hostile_report: list[str]
) -> None:
    target, team = "/agents/run", chain.team
    other = Chain(team, team.new_group())
    foreign = other.session()
    request = run_request(team, chain.group_id)
    body, session = json.dumps(request).encode(), chain.session()
    origin = chain.origin("agents")

    def under(cert: Credential, raw: bytes = body) -> RawRequest:
        by = replace(session, certificate=cert)
        return signed(target, raw, by.signs("agents", origin, target, raw).token(), by.certificate_text)

    def attempts() -> Iterator[Attempt]:
        yield from session_attempts(chain, session, "agents", target, body, bird.url, FAMILIES)
        yield from tampered(base, ("/agents/run-stream", "/healthz/x", "/infra/cleanup"))
        theirs = foreign.signs("agents", origin, target, body).token()
        mine = session.signs("agents", origin, target, body).token()
        yield Attempt("another group's session", signed(target, body, theirs, foreign.certificate_text), FORBIDDEN)
        yield attempt("another group's certificate", signed(target, body, mine, foreign.certificate_text))
        yield attempt("another group's signature", signed(target, body, theirs, session.certificate_text))
        for name, claims in certified_for_less(other.group_id).items():
            cert = replace(session.certificate, claims={**session.certificate.claims, **claims})
            yield Attempt(name, under(cert), FORBIDDEN)
        of_other = json.dumps(run_request(team, other.group_id)).encode()
        yield Attempt("another group's body", under(session.certificate, of_other), FORBIDDEN)

    base = signed(target, body, session.signs("agents", origin, target, body).token(), session.certificate_text)
    async with Wire(origin) as wire:
        tally = await assault(wire, "Group Controller → Agents", attempts())
        held(hostile_report, tally, bird)
        assert (await wire.send(base)).status == 200
        token = dict(base.headers)["Authorization"].split(" ")[1]
        again = signed(target, body, malleated(token), session.certificate_text)
        assert (await wire.send(again)).code == "invalid_credential"


@pytest.mark.parametrize(
    ("target", "asked", "families"),
    [
        ("/infra/cleanup", {"reason": "status"}, BRIEF),
        # It takes certificates that have ended, which is what it is for.
        ("/infra/sessions/renew", {}, tuple(family for family in BRIEF if family is not times)),
    ],
    ids=["cleanup", "renew"],
)
async def test_only_a_groups_own_session_reports_on_it_and_renews_itself(
    chain: Chain,
    bird: Canary,
    orchestrator: Wire,
    hostile_report: list[str],
    target: str,
    asked: dict[str, str],
    families: tuple[Family, ...],
) -> None:
    other, origin = Chain(chain.team, chain.team.new_group()), chain.origin("orchestrator")
    foreign, stale, session = other.session(), chain.session(), chain.session()

    def by(whose: Session, group_id: str = chain.group_id) -> RawRequest:
        raw = json.dumps({"group_id": group_id, **asked}).encode()
        token = whose.signs("orchestrator", origin, target, raw).token()
        return signed(target, raw, token, whose.certificate_text)

    def attempts() -> Iterator[Attempt]:
        body = by(session).body
        yield from session_attempts(chain, session, "orchestrator", target, body, bird.url, families)
        yield from tampered(by(session), ("/infra/groups", "/infra/routing-token", "/healthz/x"))
        yield Attempt("another group's session", by(foreign), NOT_FOUND)
        yield Attempt("another group's body", by(session, other.group_id), NOT_FOUND)
        yield Attempt("an absent group's body", by(session, "grp_" + "0" * 26), NOT_FOUND)
        yield Attempt("a session that was followed by another", by(stale), FORBIDDEN)
        ages = {"lapsed for too long": 100 * DAY_S, "of the future": -DAY_S}
        for name, age_s in ages.items():
            past = {"iat": session.certificate.claims["iat"] - age_s, "exp": session.certificate.claims["exp"] - age_s}
            yield attempt(name, by(replace(session, certificate=renamed(session.certificate, **past))))

    tally = await assault(orchestrator, f"Group Controller → {target}", attempts())
    held(hostile_report, tally, bird)
    # The attacker's surroundings have opened sessions since; only the latest may speak.
    last = by(chain.session())
    assert (await orchestrator.send(last)).status == 200
    assert (await orchestrator.send(last)).code == "invalid_credential"


# ── the listener itself ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_canary_would_have_been_heard(bird: Canary) -> None:
    async with Wire(bird.url.removesuffix("/keys.json")) as wire:
        assert (await wire.send(RawRequest("GET", "/keys.json"))).status == 200
    assert bird.calls == 1
