"""No secret is anywhere but where it belongs. Runs last: the logs that it searches are those of all tests before it."""

import asyncio
import gzip
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from shared.signing import CERTIFICATE_HEADER
from tests.e2e.agent_request import run_request
from tests.e2e.deployment import Deployment, Team
from tests.e2e.links import Chain, signed, upgrade
from tests.e2e.seat import routing_token, take_seat
from tests.e2e.wire import Wire

CONTROLLER = "GroupController"
# A JWS of ours begins with the header {"alg" or {"typ"; a bearer has its prefix.
TOKEN_SHAPES = re.compile(r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}|prl_[A-Za-z0-9_-]{40,}|PRIVATE KEY")


@dataclass
class Planted:
    """Secrets by name, what people said, and all answers that were refusals."""

    group_id: str
    secrets: dict[str, str]
    words: dict[str, str]
    refusals: list[str] = field(default_factory=list)

    def found_in(self, text: str, *, words: bool = True) -> list[str]:
        sought = self.secrets | (self.words if words else {})
        return [name for name, secret in sought.items() if secret in text]


def new_words(name: str) -> str:
    return f"{name}-canary-{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def planted(deployment: Deployment) -> Planted:
    return asyncio.run(plant(deployment))


async def plant(deployment: Deployment) -> Planted:
    """One whole life of a group, with every secret used rightly and then shown in every wrong place."""
    team = deployment.new_team()
    group_id = team.new_group("ben")
    opened, keys = team.open_session(group_id), deployment.keys
    session = Chain(team, group_id).session()
    words = {name: new_words(name) for name in ("socket message", "http message", "edited message", "prompt")}
    routing = routing_token(team, "ada", group_id)
    target, body = "/agents/run", json.dumps(run_request(team, group_id)).encode()
    request = session.signs("agents", deployment.origin("agents"), target, body).token()
    planted = Planted(
        group_id,
        {
            **{f"bearer of {name}": bearer for name, bearer in team.bearers.items()},
            "operator token": keys.operator_token,
            "app key": keys.app.d,
            "issuer key": keys.orchestrator.keys[0].d,
            "first session key": opened["session_private_key"]["d"],
            "session key": session.key.d,
            "certificate": opened["session_certificate"],
            "own certificate": session.certificate_text,
            "routing token": routing,
            "request signature": request,
        },
        words,
    )
    await _live(team, group_id, words)
    await _misplace(deployment, team, planted)
    async with Wire(deployment.origin("agents")) as agents:
        ran = await agents.send(signed(target, body, request, session.certificate_text))
        assert ran.status == 200
    archived = await asyncio.to_thread(team.post, "ada", f"/groups/{group_id}/archive", {"reason": "done"})
    assert archived["r2_path"]
    return planted


async def _live(team: Team, group_id: str, words: dict[str, str]) -> None:
    async with take_seat(team, "ada", group_id) as ada, take_seat(team, "ben", group_id) as ben:
        seq = await ada.say(words["socket message"])
        await ada.ok("edit", seq=seq, text=words["edited message"])
        await ada.say(f"@scribe {words['prompt']}")
        await ben.until_type("run.finished")
        await asyncio.to_thread(
            team.post, "ben", f"/groups/{group_id}/messages", {"client_msg_id": "h", "text": words["http message"]}
        )
        for frame in (words["socket message"], json.dumps({"id": 1, "send": {"text": words["socket message"]}}), "{"):
            await ada.socket.send(frame)
        await ada.refused("send", client_msg_id="x" * 100, text=words["socket message"])


async def _misplace(deployment: Deployment, team: Team, planted: Planted) -> None:
    """Every secret where it does not belong: another scheme, another Worker, the query, the path, the body, a frame."""
    group_id = planted.group_id
    wires = {name: Wire(deployment.origin(name)) for name in ("app", "orchestrator", "agents")}
    async with httpx.AsyncClient(timeout=30) as client:
        for secret in (planted.secrets | planted.words).values():
            for worker in wires:
                origin = deployment.origin(worker)
                path = {"app": "/groups", "orchestrator": "/infra/routing-token", "agents": "/agents/run"}[worker]
                for headers in (
                    {"Authorization": f"Bearer {secret}x"},
                    {"Authorization": f"GroupSig {secret}"},
                    {"Authorization": secret, CERTIFICATE_HEADER: secret},
                    {"Cookie": secret, "X-Request-Id": secret, "Origin": secret, "traceparent": secret},
                ):
                    answer = await client.post(f"{origin}{path}?token={secret}", headers=headers, json={"x": secret})
                    planted.refusals.append(answer.text)
                for odd in (f"/{secret}", f"/groups/{secret}", f"/groups/{secret}/token?x={secret}"):
                    planted.refusals.append((await client.get(origin + odd)).text)
            by_ada = {"Authorization": f"Bearer {team.bearers['ada']}"}
            for body in ({"title": secret, "org_id": secret}, {"client_msg_id": secret * 9, "text": [secret]}, secret):
                url = f"{deployment.origin('app')}/groups/{group_id}/messages"
                planted.refusals.append((await client.post(url, headers=by_ada, json=body)).text)
                planted.refusals.append((await client.get(url, headers=by_ada, params={"after": secret})).text)
            for worker in ("app", "orchestrator"):
                for refused in (
                    upgrade(f"/groups/{group_id}/ws?token={secret}x"),
                    upgrade(f"/groups/{secret}/ws?token={secret}"),
                    upgrade(f"/groups/{group_id}/ws", ("Sec-WebSocket-Protocol", f"groupchat.bearer.{secret}x")),
                ):
                    planted.refusals.append((await wires[worker].send(refused)).body.decode())
    for wire in wires.values():
        await wire.close()


def rows(tables: Iterator[tuple[str, list[dict[str, Any]]]]) -> str:
    # The index of what was said keeps its own tables, in bytes.
    return json.dumps(dict(tables), ensure_ascii=False, default=lambda raw: bytes(raw).decode(errors="replace"))


def directory(deployment: Deployment) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for table in deployment.stack.query("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if not table["name"].startswith(("_cf_", "sqlite_")):
            yield table["name"], deployment.stack.query(f'SELECT * FROM "{table["name"]}"')  # noqa: S608 -- our own


def conversation(deployment: Deployment, group_id: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    stack = deployment.stack
    for table in stack.object_sql(CONTROLLER, group_id, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        if not table["name"].startswith(("_cf_", "sqlite_")):
            yield table["name"], stack.object_sql(CONTROLLER, group_id, f'SELECT * FROM "{table["name"]}"')  # noqa: S608


def test_no_log_line_holds_a_secret_or_what_was_said(deployment: Deployment, planted: Planted) -> None:
    lines = deployment.log_lines

    assert len(lines) > len(planted.refusals) // 2, "there were logs to search"
    assert [(planted.found_in(line), line[:200]) for line in lines if planted.found_in(line)] == []


def test_no_log_line_of_any_test_holds_anything_that_looks_like_a_token(deployment: Deployment) -> None:
    assert [line[:200] for line in deployment.log_lines if TOKEN_SHAPES.search(line)] == []


def test_no_refusal_repeats_what_was_wrong(planted: Planted) -> None:
    assert len(planted.refusals) > 500
    assert [(planted.found_in(text), text[:300]) for text in planted.refusals if planted.found_in(text)] == []


def test_the_directory_holds_digests_and_public_keys_alone(deployment: Deployment, planted: Planted) -> None:
    text = rows(directory(deployment))

    assert planted.group_id in text
    assert planted.found_in(text) == []
    assert TOKEN_SHAPES.search(text) is None


def test_archives_hold_what_was_said_and_nothing_that_opens_anything(deployment: Deployment, planted: Planted) -> None:
    stack = deployment.stack
    own = [key for key in stack.archive_keys() if planted.group_id in key]
    assert len(own) == 2
    for key in stack.archive_keys():
        assert planted.found_in(key + json.dumps(stack.archive_metadata(key))) == []
    for key in own:
        stored = stack.archive_bytes(key) or b""
        text = gzip.decompress(stored).decode() if key.endswith(".gz") else stored.decode()
        # The manifest carries the certificate under which it was signed: it is public.
        assert [name for name in planted.found_in(text, words=False) if "certificate" not in name] == []
        if key.endswith(".gz"):
            assert all(words in text for words in planted.words.values()), "what was said is there"


def test_a_groups_own_log_holds_its_session_and_no_other_secret(deployment: Deployment, planted: Planted) -> None:
    text = rows(conversation(deployment, planted.group_id))
    its_own = {"session key", "own certificate"}

    assert [name for name in planted.found_in(text, words=False) if name not in its_own] == []


def test_the_shapes_would_be_seen(planted: Planted) -> None:
    for name in ("bearer of ada", "routing token", "certificate", "request signature", "operator token"):
        assert TOKEN_SHAPES.search(f"reason: {planted.secrets[name]}!"), name
