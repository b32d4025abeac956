"""A group behind a real socket, for the client's tests alone: it keeps a log, and does as its script says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from shared.protocol import MessageCreated
from tests.clients import wire

Script = Callable[["FakeServer", ServerConnection], Awaitable[None]]


class FakeServer:
    def __init__(self) -> None:
        self.log: list[str] = []
        self.scripts: list[Script] = []
        self.refusals: list[tuple[int, str]] = []
        self.hellos: list[dict[str, Any]] = []
        self.sends: list[dict[str, Any]] = []
        self.offered: list[tuple[str, str | None]] = []
        self.heard = asyncio.Event()
        self.base_url = ""

    def append(self, text: str, client_msg_id: str | None = None) -> int:
        data = MessageCreated(text=text, client_msg_id=client_msg_id)
        self.log.append(wire.event(len(self.log) + 1, data))
        return len(self.log)

    async def greet(self, socket: ServerConnection) -> None:
        """Answers hello with all that was missed."""
        hello = dict(wire.parsed(str(await socket.recv()))["hello"])
        self.hellos.append(hello)
        await socket.send(wire.hello_ok(len(self.log)))
        if missed := self.log[hello["since"] :]:
            await socket.send(wire.array(*missed))

    async def converse(self, socket: ServerConnection) -> None:
        """Stores what is sent, once for each client_msg_id, and shows it."""
        async for frame in socket:
            if frame == "ping":
                await socket.send("pong")
                continue
            value = wire.parsed(str(frame))
            self.sends.append(send := value["send"])
            known = [n for n, event in enumerate(self.log, 1) if f'"{send["client_msg_id"]}"' in event]
            seq = known[0] if known else self.append(send["text"], send["client_msg_id"])
            await socket.send(wire.ok(value["id"], seq=seq, ts="t", duplicate=bool(known)))
            if not known:
                await socket.send(self.log[-1])

    async def _serve(self, socket: ServerConnection) -> None:
        try:
            await (self.scripts.pop(0) if self.scripts else behave)(self, socket)
        except ConnectionClosed:
            return

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.offered.append((request.path, request.headers.get("Sec-WebSocket-Protocol")))
        if not self.refusals:
            return None
        status, problem = self.refusals.pop(0)
        return connection.respond(status, problem)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeServer"]:
        offer = [Subprotocol("groupchat.v1")]
        async with serve(self._serve, "127.0.0.1", 0, subprotocols=offer, process_request=self._admit) as server:
            self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self


async def behave(server: FakeServer, socket: ServerConnection) -> None:
    await server.greet(socket)
    await server.converse(socket)


async def hang(server: FakeServer, socket: ServerConnection) -> None:
    """Greets, and is silent from then on."""
    await server.greet(socket)
    await socket.wait_closed()


async def hear(server: FakeServer, socket: ServerConnection) -> None:
    """Greets, takes one frame, and never answers it."""
    await server.greet(socket)
    await socket.recv()
    server.heard.set()
    await socket.wait_closed()


def cut(socket: ServerConnection) -> None:
    """The network, not the server, ends the connection."""
    socket.transport.abort()
