"""One class per port of the Agents Worker."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from agents.providers.http import Answer

HANG = None


@dataclass
class FakeHttp:
    """`agents.providers.http.HttpPost`: gives these answers in turn. A chunk that is an exception is raised in its
    place, HANG waits for ever.
    """

    answers: list["Scripted | Exception"]
    asked: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    open: int = 0

    @asynccontextmanager
    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> AsyncIterator[Answer]:
        self.asked.append((url, headers, body))
        scripted = self.answers.pop(0)
        if isinstance(scripted, Exception):
            raise scripted
        self.open += 1
        try:
            async with aclosing(scripted.body()) as chunks:
                yield Answer(scripted.status, scripted.retry_after, chunks)
        finally:
            self.open -= 1


@dataclass(frozen=True)
class Scripted:
    chunks: Sequence[bytes | Exception | None] = ()
    status: int = 200
    retry_after: str | None = None

    async def body(self) -> AsyncGenerator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield await asyncio.get_running_loop().create_future() if chunk is HANG else chunk
