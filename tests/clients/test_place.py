"""One group on the terminal's screen: what its last line says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection

from parley import Group
from parley.cli.chat_screen import Place
from parley.group import DEFAULT_EDGE
from shared.replies import Presence, TypingNow
from tests.clients import wire
from tests.clients.fake_server import FakeServer, behave, cut


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().running() as running:
        yield running


async def test_the_line_says_how_it_is_and_who_types(server: FakeServer) -> None:
    back, away = asyncio.Event(), asyncio.Event()

    async def talk_and_fall(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(Presence(user_id="usr_ben", online=True).model_dump_json())
        await socket.send(TypingNow(user_id="usr_ben", on=True).model_dump_json())
        await away.wait()
        cut(socket)

    async def token() -> str:
        return "t"

    async def sleep(_: float) -> None:
        await back.wait()

    server.scripts = [talk_and_fall, behave]
    edge = replace(DEFAULT_EDGE, sleep=sleep)
    room = Group(server.base_url, "grp_1", token=token, since=0, epoch=wire.EPOCH, edge=edge)
    place = Place("Garden", room)
    assert place.state() == "○ joining …"
    staying = asyncio.create_task(place.stay())
    try:
        await until(lambda: place.typing == {"usr_ben"})
        assert place.state() == "● 2 here · Ben is typing"
        away.set()
        await until(lambda: not room.connected)
        assert place.state() == "○ reconnecting …"
        back.set()
        await until(lambda: room.connected)
        assert place.state().startswith("● 1 here")
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 -- nothing tells when a screen has changed
            await asyncio.sleep(0)
