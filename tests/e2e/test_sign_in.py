"""People of an identity provider: a real issuer, its keys over real HTTP, its tokens at the App."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect

from tests.e2e.assault import Attempt, assault, attempt
from tests.e2e.canary import canary
from tests.e2e.deployment import Deployment, Team
from tests.e2e.issuer import ORG_ID
from tests.e2e.links import Chain
from tests.e2e.seat import socket_url
from tests.e2e.wire import Answer, RawRequest, Wire
from tests.shared.credential import Surroundings
from tests.shared.id_tokens import IdToken, hostile_id_tokens, stranger

ALGORITHMS = ("ES256", "RS256")
ENOUGH = 1000


def ask(token: str, method: str = "GET", path: str = "/me", body: bytes = b"") -> RawRequest:
    headers = (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"))
    return RawRequest(method, path, headers, body)


def somebody(deployment: Deployment, algorithm: str = "ES256") -> IdToken:
    """A token that says good things of nobody who was here before."""
    good = dict(zip(ALGORITHMS, deployment.issuer.good(int(time.time())), strict=True))[algorithm]
    return replace(good, claims={**good.claims, "sub": secrets.token_hex(8)})


@pytest.fixture
async def app(deployment: Deployment) -> AsyncIterator[Wire]:
    async with Wire(deployment.origin("app")) as wire:
        yield wire


def record(answer: Answer) -> dict[str, object]:
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_newcomer_is_a_member_of_the_providers_org_from_the_first_request_on(
    deployment: Deployment, app: Wire, algorithm: str
) -> None:
    token = somebody(deployment, algorithm)
    answers = await asyncio.gather(*(app.send(ask(token.token())) for _ in range(20)))
    me = record(answers[0])
    assert {str(record(answer)["id"]) for answer in answers} == {me["id"]}, "twenty at once are one person"
    assert (me["name"], me["org_id"], me["role"]) == ("Grace Hopper", ORG_ID, "member")
    query = "SELECT COUNT(*) AS n FROM people WHERE org_id = ? AND name = ? AND created_at = ?"
    assert deployment.stack.query(query, ORG_ID, "Grace Hopper", str(me["created_at"]))[0]["n"] == 1


async def test_who_came_by_the_provider_uses_the_room_as_anybody(deployment: Deployment, app: Wire) -> None:
    token = somebody(deployment).token()
    me = record(await app.send(ask(token)))
    team = Team(deployment, ORG_ID, {"grace": str(me["id"])}, {"grace": token})
    new = {"org_id": ORG_ID, "title": "Fleet", "is_private": True, "agent_ids": []}
    group_id = (await asyncio.to_thread(team.post, "grace", "/groups", new))["group_id"]
    routing = (await asyncio.to_thread(team.post, "grace", f"/groups/{group_id}/token"))["routing_token"]
    async with connect(f"{socket_url(team, group_id)}?token={routing}", ping_interval=None) as socket:
        await socket.send('{"id":1,"hello":{}}')
        assert '"ok"' in str(await socket.recv())


async def test_a_disabled_person_stays_out_with_whatever_token_of_the_provider(
    deployment: Deployment, app: Wire
) -> None:
    good = somebody(deployment)
    me = record(await app.send(ask(good.token())))
    now = "2026-01-01T00:00:00.000Z"
    deployment.stack.query("UPDATE people SET disabled_at = ? WHERE id = ?", now, str(me["id"]))
    for token in (good.token(), good.but(iat=int(time.time()))):
        assert (await app.send(ask(token))).code == "invalid_credential"
    deployment.stack.query("UPDATE people SET disabled_at = NULL WHERE id = ?", str(me["id"]))
    assert record(await app.send(ask(good.token())))["id"] == me["id"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_person_is_believed_by_a_good_token_of_the_provider_alone(
    deployment: Deployment, team: Team, app: Wire, hostile_report: list[str], algorithm: str
) -> None:
    good = somebody(deployment, algorithm)
    async with canary() as bird:
        around = Surroundings(stranger(), bird.url, {}, int(time.time()))
        ours = Chain(team, team.new_group()).surroundings(bird.url).others
        reads = len(deployment.issuer.paths)

        def attempts() -> Iterator[Attempt]:
            for name, token in hostile_id_tokens(good, around):
                yield attempt(name, ask(token))
            for name, token in ours.items():
                yield attempt(name, ask(token))
            for name, value in {
                "in the query": replace(ask(""), target=f"/me?access_token={good.token()}"),
                "as a cookie": RawRequest("GET", "/me", (("Cookie", f"token={good.token()}"),)),
                "as the operator": ask(good.token(), "POST", "/orgs", b'{"name":"x","owner_name":"y"}'),
            }.items():
                yield attempt(name, value)

        tally = await assault(app, f"identity provider → App, {algorithm}", attempts())
        hostile_report.append(str(tally))
        tally.held()
        assert tally.attempts >= ENOUGH
        assert bird.calls == 0
        assert len(deployment.issuer.paths) - reads <= 2, "a thousand unknown key ids cause no thousand questions"
        assert set(deployment.issuer.paths) == {"/keys.json"}
    assert (await app.send(ask(good.token()))).status == 200


async def test_the_orchestrator_takes_bearers_of_the_database_alone(deployment: Deployment, app: Wire) -> None:
    token = somebody(deployment).token()
    me = record(await app.send(ask(token)))
    body = f'{{"group_id":"grp_{"0" * 26}","user_id":"{me["id"]}"}}'.encode()
    async with Wire(deployment.origin("orchestrator")) as orchestrator:
        assert (await orchestrator.send(ask(token, "POST", "/infra/routing-token", body))).code == "invalid_credential"


ASTRAY: dict[str, dict[str, object]] = {
    "too large": {"document": b'{"keys":[' + b" " * 70_000 + b"]}"},
    "elsewhere": {"status": 302},
    "broken": {"status": 500},
    "no key set": {"document": b"<html>"},
}


async def test_an_issuer_that_answers_something_else_is_not_there_and_leads_nowhere(
    deployment: Deployment, app: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = somebody(deployment).token()
    await asyncio.to_thread(deployment.stack.kill_runtime)  # what had read the keys before
    async with canary() as bird:
        for name, answers in ASTRAY.items():
            with monkeypatch.context() as changed:
                for attribute, value in [("location", bird.url), *answers.items()]:
                    changed.setattr(deployment.issuer, attribute, value)
                await ask_in_vain(deployment, app, good, name)
        assert bird.calls == 0
    while (answer := await app.send(ask(good))).status == 503:
        assert int(answer.headers["retry-after"]) >= 1
    assert answer.status == 200, "asked again once it is back"


async def ask_in_vain(deployment: Deployment, app: Wire, token: str, name: str) -> None:
    """Until the App has asked the issuer, which it does again a second after it failed."""
    reads = len(deployment.issuer.paths)
    while len(deployment.issuer.paths) == reads:
        answer = await app.send(ask(token))
        assert (answer.status, answer.code) == (503, "unavailable"), name
