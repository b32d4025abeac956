"""The load generator believes nothing: what is lost, doubled, reordered or changed on its way ends the run."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, broadcast, serve

from bench.generator import Generator
from tools.console import ToolError

ROOT = Path(__file__).resolve().parent.parent.parent
Events = list[dict[str, Any]]
SOCKETS = 3


@asynccontextmanager
async def room(spoil: Callable[[Events], Events]) -> AsyncIterator[int]:
    """A server that numbers what is sent and shows it to all; `spoil` may do harm to what is shown. Its port."""
    sockets: set[ServerConnection] = set()
    head = 0

    async def listen(socket: ServerConnection) -> None:
        nonlocal head
        sockets.add(socket)
        async for text in socket:
            frame = json.loads(text)
            if "hello" in frame:
                await socket.send(json.dumps({"id": frame["id"], "ok": {"head": head}}))
                continue
            head += 1
            await socket.send(json.dumps({"id": frame["id"], "ok": {"seq": head}}))
            events = spoil([{"type": "message.created", "seq": head, "data": frame["send"]}])
            for event in events:
                broadcast(sockets, json.dumps(event))

    async with serve(listen, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def measured(spoil: Callable[[Events], Events]) -> dict[str, Any]:
    async with room(spoil) as port:
        seats = [{"url": f"ws://127.0.0.1:{port}/", "protocols": []}] * SOCKETS
        job: dict[str, Any] = {"messages": 20, "window": 4, "chars": 10, "run": "t"}

        def run() -> dict[str, Any]:
            with Generator(ROOT) as generator:
                return generator.run("fanout", seats=seats, **job)

        return await asyncio.to_thread(run)


async def test_every_delivery_is_counted() -> None:
    result = await measured(lambda events: events)
    assert result["deliveries"] == 20 * SOCKETS
    assert result["messages_per_s"] > 0


def skip(events: Events) -> Events:
    return [] if events[0]["seq"] == 5 else events


def twice(events: Events) -> Events:
    return events * 2 if events[0]["seq"] == 5 else events


def other(events: Events) -> Events:
    wrong = {**events[0], "data": {**events[0]["data"], "text": "another"}}
    return [wrong] if events[0]["seq"] == 5 else events


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [(skip, "was shown 6 where 5 comes"), (twice, "was shown 5 where 6 comes"), (other, "at 5 stands another")],
)
async def test_what_is_not_as_it_was_sent_ends_the_run(spoil: Callable[[Events], Events], complaint: str) -> None:
    with pytest.raises(ToolError, match=complaint):
        await measured(spoil)
