"""Requests that are odd before anybody asks who sent them: they are answered, cost little, and lead nowhere else."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.links import Chain, Session, signed
from tests.e2e.wire import RawRequest, Wire

WORKERS = ("app", "orchestrator", "agents")
MIB = 1024 * 1024
ENDLESS_MIB = 128
# What the kernel and workerd hold between two ends that are not in step.
UNREAD_MIB = 24
POSTS = {"app": "/orgs", "orchestrator": "/infra/groups", "agents": "/agents/run"}


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "then", "length", "hasOwnProperty"])
async def test_a_header_may_have_the_name_of_something_in_javascript(
    deployment: Deployment, worker: str, name: str
) -> None:
    async with Wire(deployment.origin(worker)) as wire:
        assert (await wire.send(RawRequest("GET", "/healthz", ((name, "x"),)))).status == 200


@pytest.mark.parametrize("worker", WORKERS)
async def test_a_slash_more_is_another_path_and_no_way_to_another_host(deployment: Deployment, worker: str) -> None:
    async with Wire(deployment.origin(worker)) as wire:
        answer = await wire.send(RawRequest("GET", "/healthz/", (("Host", "evil.test"),)))
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("worker", WORKERS)
async def test_a_body_without_an_announced_length_is_read_up_to_its_limit(deployment: Deployment, worker: str) -> None:
    sent_mib = await asyncio.to_thread(_pour, deployment.origin(worker), POSTS[worker])

    assert sent_mib < UNREAD_MIB, "nobody may make us hold more than an endpoint takes"
    async with Wire(deployment.origin(worker)) as wire:
        assert (await wire.send(RawRequest("GET", "/healthz"))).status == 200


def _pour(origin: str, target: str) -> int:
    """How many MiB of an endless body are taken before the connection ends."""
    parts = urlsplit(origin)
    piece = f"{MIB:x}\r\n".encode() + bytes(MIB) + b"\r\n"
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent_mib = 0
    with socket.create_connection((str(parts.hostname), parts.port), timeout=30) as connection, suppress(OSError):
        connection.sendall(head.encode())
        while sent_mib < ENDLESS_MIB:
            connection.sendall(piece)
            sent_mib += 1
    return sent_mib


async def test_a_short_body_without_an_announced_length_is_read_whole(deployment: Deployment) -> None:
    chunked = (("Transfer-Encoding", "chunked"), ("Content-Type", "application/json"))
    operator = ("Authorization", f"Bearer {deployment.keys.operator_token}")
    body = b'{"name": "Piecewise", "owner_name": "Ada"}'
    pieces = (
        b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:7], body[7:30], body[30:])) + b"0\r\n\r\n"
    )
    async with Wire(deployment.origin("app")) as wire:
        assert (await wire.send(RawRequest("POST", "/orgs", (operator, *chunked), pieces))).status == 201


@pytest.mark.parametrize("worker", WORKERS)
async def test_a_body_that_breaks_its_own_form_is_its_senders_mistake(deployment: Deployment, worker: str) -> None:
    chunked = (("Transfer-Encoding", "chunked"), ("Content-Type", "application/json"))
    async with Wire(deployment.origin(worker)) as wire:
        answer = await wire.send(RawRequest("POST", POSTS[worker], chunked, b"6\r\n{broken chunk\r\n"))
    assert (answer.status, answer.code) == (400, "bad_request")


ODD_BODIES = {
    "lists without an end": b"[" * 250_000,
    "lists": b"[" * 125_000 + b"]" * 125_000,
    "objects without an end": b'{"a":' * 50_000,
    "objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "objects in a member": b'{"title": ' + b'{"a":' * 40_000 + b"1" + b"}" * 40_000 + b"}",
    "a long number": b'{"title": ' + b"9" * 250_000 + b"}",
    "a large number": b'{"limit": 1e999, "title": -1e999}',
    "a long string": b'{"title": "' + b"x" * 250_000 + b'"}',
    "a long name": b'{"' + b"x" * 250_000 + b'": 1}',
    "many members": b"{" + b",".join(b'"a%d":1' % n for n in range(20_000)) + b"}",
    "a member twice": b'{"title": "a", "title": "b"}',
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "half a surrogate": b'{"title": "\\ud800"}',
    "another encoding": '{"title": "a"}'.encode("utf-16"),
    "a null byte": b'{"title": "\x00"}',
    "nothing": b"",
}


@pytest.fixture(scope="module")
def chain(deployment: Deployment) -> Chain:
    team = deployment.new_team()
    return Chain(team, team.new_group())


@pytest.fixture(scope="module")
def session(chain: Chain) -> Session:
    return chain.session()


@pytest.mark.parametrize("name", ODD_BODIES)
async def test_an_odd_body_is_refused_and_nothing_breaks(chain: Chain, session: Session, name: str) -> None:
    deployment, body = chain.team.deployment, ODD_BODIES[name]
    media = ("Content-Type", "application/json")
    by_ada = (("Authorization", f"Bearer {chain.team.bearers['ada']}"), media)
    token = session.signs("agents", deployment.origin("agents"), "/agents/run", body).token()
    requests = {
        "app": RawRequest("POST", "/groups", by_ada, body),
        "orchestrator": signed("/infra/groups", body, chain.app("/infra/groups", body).token()),
        "agents": signed("/agents/run", body, token, session.certificate_text),
    }
    for worker, request in requests.items():
        async with Wire(deployment.origin(worker)) as wire:
            answer = await wire.send(request)
            assert (answer.status, answer.code) in {(400, "bad_request"), (422, "invalid_body")}, worker
            assert len(answer.body) < 2000, "it does not repeat what it was sent"
