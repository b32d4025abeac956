"""What is said, shown at once and answered in its time; what agents ask for; words alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection

from parley import Echo, Group
from parley.errors import CommandRefused
from parley.group import DEFAULT_EDGE
from shared.protocol import ApprovalRequested, ApprovalResolved, MessageEdited
from shared.replies import Snapshot
from tests.clients import wire
from tests.clients.fake_server import FakeServer, behave, cut

ASKS = ApprovalRequested(
    agent_id=wire.SCRIBE.id,
    approval_id="apv_1",
    approvers=("usr_ada",),
    args="{}",
    args_digest="0" * 64,
    expires_at="2026-11-23T09:40:00.000Z",
    run_id=wire.RUN,
    tool="order",
)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().running() as running:
        yield running


def join(server: FakeServer, since: int | None = 0) -> Group:
    async def token() -> str:
        return "t"

    async def sleep(_: float) -> None:
        await asyncio.sleep(0)

    edge = replace(DEFAULT_EDGE, sleep=sleep)
    epoch = None if since is None else wire.EPOCH
    return Group(server.base_url, "grp_1", token=token, since=since, epoch=epoch, edge=edge, make_id=lambda: "c1")


async def test_a_message_is_an_echo_at_once_and_an_event_in_the_end(server: FakeServer) -> None:
    async with join(server) as room:
        saying = room.say("hello")
        assert list(room.echoes) == [Echo("c1", "hello")]
        assert (await saying).seq == 1
        await anext(room)
        assert list(room.echoes) == []


async def test_a_refusal_that_nobody_awaited_is_found_among_the_echoes(server: FakeServer) -> None:
    async def refuse(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        frame_id = wire.parsed(str(await socket.recv()))["id"]
        await socket.send(wire.refused(frame_id, "conflict"))
        await socket.wait_closed()

    server.scripts = [refuse]
    async with join(server) as room:
        await asyncio.wait([room.say("hello")])
        (echo,) = room.echoes
        assert isinstance(echo.refusal, CommandRefused)
        assert echo.refusal.code == "conflict"
        room.forget(echo.client_msg_id)
        assert room.echoes == ()


async def test_messages_are_the_words_alone_over_reconnects(server: FakeServer) -> None:
    async def half(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.append("one")
        server.log.append(wire.event(2, MessageEdited(target=1, text="One")))
        await socket.send(wire.array(*server.log))
        server.append("three")
        await (await socket.ping())
        cut(socket)

    server.scripts = [half, behave]
    async with join(server) as room:
        words = room.messages()
        assert [(m.seq, m.text, m.actor.name) for m in [await anext(words), await anext(words)]] == [
            (1, "one", "Ada"),
            (3, "three", "Ada"),
        ]


async def test_messages_begin_now_and_not_with_the_snapshot(server: FakeServer) -> None:
    async def start(_: FakeServer, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(wire.hello_ok(7, recovered=False, snapshot=Snapshot(seq=7, messages=())))
        await socket.send(wire.event(8))
        await socket.wait_closed()

    server.scripts = [start]
    async with join(server, since=None) as room:
        assert (await anext(room.messages())).seq == 8


async def test_what_an_agent_asks_for_is_there_until_it_is_resolved(server: FakeServer) -> None:
    asked = asyncio.Event()

    async def ask(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(wire.event(1, ASKS))
        value = wire.parsed(str(await socket.recv()))
        assert value["approve"] == {"approval_id": "apv_1", "approved": False, "reason": "too dear"}
        await socket.send(wire.ok(value["id"]))
        await asked.wait()
        await socket.send(wire.event(2, ApprovalResolved(approval_id="apv_1", outcome="denied", run_id=wire.RUN)))
        await socket.wait_closed()

    server.scripts = [ask]
    async with join(server) as room:
        await anext(room)
        assert [approval.tool for approval in room.approvals.values()] == ["order"]
        await room.approve("apv_1", approved=False, reason="too dear")
        asked.set()
        await anext(room)
        assert room.approvals == {}
