"""The deep check as the operator sees it, with an Orchestrator that answers what a test wants."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from app.access import AccessStore
from app.agent_store import AgentStore
from app.auth import authenticate
from app.infra import Infra
from app.ports import AppPorts
from app.roster_store import RosterStore
from app.routes import endpoints
from app.settings import AppSettings
from app.store import Store
from app.usage_store import UsageStore
from app.webhook_store import WebhookStore
from shared import checkup
from shared.checkup import Checkup, PartChecked
from shared.errors import Unavailable
from shared.http import Api
from shared.ids import new_id
from shared.log import Log
from shared.ports import Reply
from shared.signing import Signer
from shared.tokens import Tokens
from tests.app.test_settings import PLAIN
from tests.fakes import FakeDatabase, FakeOutbox
from tests.shared.hostile import ES256

OPERATOR = {"Authorization": f"Bearer {PLAIN['OPERATOR_TOKEN']}"}
GOOD = Checkup.of(PartChecked(name="agents", status="ok", ms=1))
BAD = Checkup.of(PartChecked(name="agents", status="failed", ms=5000, code="timeout"))


class Orchestrator:
    def __init__(self, reply: Reply | None) -> None:
        self._reply = reply

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert (method, target, body) == ("POST", "/infra/checkup", b"{}")
        assert headers["Authorization"].startswith("GroupSig ")
        if self._reply is None:
            raise Unavailable(reason="peer: no such worker")
        return self._reply

    async def stream(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Any:  # noqa: ANN401
        raise AssertionError("a check-up is no stream", method, target, headers, body)


class NoArchives:
    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        del key
        return None


def ports_with(reply: Reply | None) -> AppPorts:
    settings, database, tokens = AppSettings.load(PLAIN.get), FakeDatabase(), Tokens(ES256)
    signer = Signer(tokens, settings.signing_key, settings.app_id, "orchestrator", settings.orchestrator_origin)
    return AppPorts(
        settings=settings,
        store=Store(database),
        access=AccessStore(database),
        rosters=RosterStore(database),
        agents=AgentStore(database),
        usage=UsageStore(database),
        webhooks=WebhookStore(database),
        outbox=FakeOutbox(),
        infra=Infra(Orchestrator(reply), signer, lambda: 0, lambda: "x" * 22),
        archives=NoArchives(),
        sign_in=None,
        make_id=lambda prefix: new_id(prefix, 0, bytes(10)),
        random_bytes=bytes,
        clock=lambda: 0,
        log=Log(lambda _: None, lambda: 0, "app"),
        checks={"database": checkup.of_database(database), "archives": checkup.of_bucket(NoArchives())},
    )


async def answered(ports: AppPorts, headers: Mapping[str, str] = OPERATOR) -> Response:
    api = Api(endpoints.rows, authenticate, ports, ports.log, ports.make_id, ports.clock)
    async with AsyncClient(transport=ASGITransport(api.asgi()), base_url="https://app.test") as client:
        return await client.get("/healthz/deep", headers=dict(headers))


async def asked(ports: AppPorts, headers: Mapping[str, str] = OPERATOR) -> tuple[int, dict[str, Any]]:
    answer = await answered(ports, headers)
    return answer.status_code, dict(answer.json())


def parts_of(found: dict[str, Any]) -> dict[str, str]:
    return {part["name"]: part.get("code", part["status"]) for part in found["parts"]}


async def test_all_parts_are_told_of_those_behind_the_orchestrator_too() -> None:
    status, found = await asked(ports_with(Reply(200, GOOD.model_dump_json().encode())))
    assert (status, found["status"]) == (200, "ok")
    assert parts_of(found) == {"database": "ok", "archives": "ok", "orchestrator": "ok", "agents": "ok"}


async def test_a_part_behind_the_orchestrator_that_failed_is_named() -> None:
    status, found = await asked(ports_with(Reply(200, BAD.model_dump_json().encode())))
    assert (status, found["status"], found["code"]) == (503, 503, "part_failed")
    assert found["detail"] == "Not as they should be: agents"
    assert parts_of(found)["agents"] == "timeout"
    assert parts_of(found)["database"] == "ok", "those that answer are told of as well"


async def test_a_check_that_failed_is_a_problem_document_as_every_error_is() -> None:
    answer = await answered(ports_with(None))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert {"type", "title", "status", "detail", "code", "request_id", "retry_after_ms", "parts"} == set(answer.json())
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "reply", [None, Reply(503, json.dumps({"code": "misconfigured", "detail": "…"}).encode()), Reply(502, b"<html>")]
)
async def test_an_orchestrator_that_does_not_answer_is_a_part_that_failed(reply: Reply | None) -> None:
    status, found = await asked(ports_with(reply))
    assert status == 503
    assert parts_of(found)["orchestrator"] in ("unavailable", "misconfigured")
    assert parts_of(found)["database"] == "ok"


async def test_a_database_that_is_down_hides_nothing_else() -> None:
    async def down() -> None:
        raise Unavailable(reason="d1: gone")

    ports = ports_with(Reply(200, GOOD.model_dump_json().encode()))
    status, found = await asked(replace(ports, checks={**ports.checks, "database": down}))
    assert status == 503
    assert parts_of(found) == {"database": "unavailable", "archives": "ok", "orchestrator": "ok", "agents": "ok"}


async def test_only_the_operator_is_told() -> None:
    for headers in ({}, {"Authorization": "Bearer prl_somebody"}):
        status, found = await asked(ports_with(None), headers)
        assert (status, found["code"]) == (401, "invalid_credential")
        assert "parts" not in found
