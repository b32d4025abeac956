"""HTTP/1.1 as bytes, over kept connections: for requests that no well-behaved client would send, thousands a minute."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

PATIENCE_S: Final = 30
UPGRADE: Final = (
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


@dataclass(frozen=True)
class RawRequest:
    """Every byte is the test's to choose; headers may come twice. `Host` and `Content-Length` are added."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def encoded(self, host: str) -> bytes:
        named = {name.lower() for name, _ in self.headers}
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"Host: {host}"] if "host" not in named else []
        lines += [f"Content-Length: {len(self.body)}"] if not named & {"content-length", "transfer-encoding"} else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + self.body

    def expressible(self) -> bool:
        """Whether HTTP can say it at all: no line ends or null bytes in a header or in the target."""
        return not any(char in text for _, text in (("", self.target), *self.headers) for char in "\r\n\0")


@dataclass(frozen=True)
class Answer:
    """`status` 0: the connection was closed without a word."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str:
        """The `code` of a problem; empty for anything else."""
        with suppress(ValueError):
            body: Any = json.loads(self.body)
            if self.headers.get("content-type") == "application/problem+json" and body["status"] == self.status:
                return str(body["code"])
        return ""


class Wire:
    """A pool of connections to one Worker. A connection that ends in a socket is closed at once."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def send(self, request: RawRequest) -> Answer:
        raw = request.encoded(f"{self._host}:{self._port}")
        if self._idle:
            answer = await self._over(self._idle.pop(), raw)
            if answer.status:
                return answer
        # A kept connection may have been closed meanwhile; a fresh one is closed for what it was sent.
        return await self._over(await asyncio.open_connection(self._host, self._port), raw)

    async def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        self._idle.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _over(self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], raw: bytes) -> Answer:
        reader, writer = connection
        try:
            writer.write(raw)
            answer = await asyncio.wait_for(_read(reader, has_body=not raw.startswith(b"HEAD ")), PATIENCE_S)
        except (OSError, EOFError):
            answer = Answer(0)
        except asyncio.CancelledError:
            writer.close()
            raise
        if answer.status in (0, 101) or answer.headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self._idle.append(connection)
        return answer


async def _read(reader: asyncio.StreamReader, *, has_body: bool) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if status in (101, 204, 304) or not has_body:
        return Answer(status, headers)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await _read_chunks(reader))
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return bytes(body)
