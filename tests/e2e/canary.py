"""An address that nobody has a reason to call, and a listener there that counts who does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Canary:
    url: str
    calls: int = 0


@asynccontextmanager
async def canary() -> AsyncIterator[Canary]:
    """A listener on loopback that hands out keys to whoever asks, were anybody to ask."""
    bird = Canary("")

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bird.calls += 1
        await reader.readline()
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"keys":[]}')
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    bird.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys.json"
    async with server:
        yield bird
