"""A group's front door on one port: `POST …/token` and the socket; the script says what becomes of who comes.

Law: knows HTTP and WebSocket, not what frames mean. Whoever comes waits in `callers` until the script takes them. For
players that are pages of a browser it also serves the files of `clients`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

SUBPROTOCOL: Final = "groupchat.v1"
BEARER_PREFIX: Final = "groupchat.bearer."
_HEAD_END: Final = b"\r\n\r\n"
_CHUNK_BYTES: Final = 65536
_CLIENTS: Final = Path(__file__).resolve().parent.parent
_MEDIA_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript"}


@dataclass(frozen=True)
class TokenAsked:
    """Somebody asks for a routing token. `answer` takes a status and a body."""

    bearer: str
    answer: "asyncio.Future[tuple[int, Mapping[str, Any]]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Wire:
    """A socket that was opened. `heard` gives text frames, and None once it is over."""

    def __init__(self, writer: asyncio.StreamWriter, protocol: ServerProtocol, token: str) -> None:
        self.token = token
        self.heard: asyncio.Queue[str | None] = asyncio.Queue()
        self._writer = writer
        self._protocol = protocol

    def tell(self, text: str) -> None:
        self._protocol.send_text(text.encode())
        self.flush()

    def close(self, code: int, reason: str) -> None:
        self._protocol.send_close(code, reason)
        self.flush()

    def cut(self) -> None:
        self._writer.transport.abort()

    def flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                self._writer.write_eof()


Caller = TokenAsked | Wire


class House:
    def __init__(self) -> None:
        self.callers: asyncio.Queue[Caller] = asyncio.Queue()
        self.base_url = ""
        self._guests: set[asyncio.StreamWriter] = set()

    async def _arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._guests.add(writer)
        try:
            head = await reader.readuntil(_HEAD_END)
            if head.startswith(b"POST "):
                await self._hand_out(head, reader, writer)
            elif b"upgrade: websocket" not in head.lower():
                await _serve_file(head, writer)
            else:
                await self._talk(head, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            return  # gone before, or in the middle: what was heard of it is in the queues
        finally:
            self._guests.discard(writer)
            writer.close()

    async def _hand_out(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        headers = _headers(head)
        await reader.readexactly(int(headers.get("content-length", "0")))
        asked = TokenAsked(headers.get("authorization", "").removeprefix("Bearer "))
        self.callers.put_nowait(asked)
        status, body = await asked.answer
        raw = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} Scripted\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + raw
        )
        await writer.drain()

    async def _talk(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)])
        protocol.receive_data(head)
        (request,) = protocol.events_received()
        assert isinstance(request, Request)  # noqa: S101 -- a whole head is what it was given
        protocol.send_response(protocol.accept(request))
        wire = Wire(writer, protocol, _token(request))
        wire.flush()
        self.callers.put_nowait(wire)
        try:
            while data := await reader.read(_CHUNK_BYTES):
                protocol.receive_data(data)
                for event in protocol.events_received():
                    if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                        wire.heard.put_nowait(bytes(event.data).decode())
                wire.flush()
        finally:
            wire.heard.put_nowait(None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["House"]:
        server = await asyncio.start_server(self._arrive, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            for writer in tuple(self._guests):
                writer.transport.abort()
            server.close()
            await server.wait_closed()


async def _serve_file(head: bytes, writer: asyncio.StreamWriter) -> None:
    path = (_CLIENTS / head.split()[1].decode().lstrip("/")).resolve()
    known = path.is_relative_to(_CLIENTS) and path.is_file() and path.suffix in _MEDIA_TYPES
    body = path.read_bytes() if known else b""
    media_type = _MEDIA_TYPES.get(path.suffix, "text/plain")
    writer.write(
        f"HTTP/1.1 {200 if known else 404} Scripted\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = [line.split(":", 1) for line in lines if ":" in line]
    return {name.lower(): value.strip() for name, value in pairs}


def _token(request: Request) -> str:
    offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
    bearers = [name.strip() for name in offered if name.strip().startswith(BEARER_PREFIX)]
    return bearers[0].removeprefix(BEARER_PREFIX) if bearers else ""
