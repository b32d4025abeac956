"""One class per port of the Agents Worker."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field

from agents.providers import Ask, Piece
from agents.providers.http import Answer
from shared.agent_api import AgentRunRequest

HANG = None


@dataclass
class FakeHttp:
    """`agents.providers.http.HttpPost` and `HttpGet`: gives these answers in turn. A chunk that is an exception is
    raised in its place, HANG waits for ever.
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
                yield Answer(scripted.status, scripted.headers(), chunks)
        finally:
            self.open -= 1

    def get(self, url: str) -> AbstractAsyncContextManager[Answer]:
        return self.post(url, {}, b"")


@dataclass
class FakeProvider:
    """`agents.providers.Provider`: at each asking the pieces of the next answer; one that is an exception is raised."""

    answers: list[Sequence[Piece | Exception]]
    asked: list[Ask] = field(default_factory=list)
    closed: int = 0

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece]:
        self.asked.append(ask)
        try:
            for piece in self.answers.pop(0):
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1


@dataclass
class FakeRecordings:
    """`agents.recordings.Recordings`: gives these bytes, and remembers what it was asked."""

    frames: Sequence[bytes] = (b"id: 1\n\n",)
    asked: list[tuple[AgentRunRequest, int]] = field(default_factory=list)

    async def open(self, request: AgentRunRequest, after: int) -> AsyncGenerator[bytes]:
        self.asked.append((request, after))
        return self._pieces()

    async def _pieces(self) -> AsyncGenerator[bytes]:
        for frame in self.frames:
            yield frame


@dataclass(frozen=True)
class Scripted:
    chunks: Sequence[bytes | Exception | None] = ()
    status: int = 200
    retry_after: str | None = None
    media_type: str = "text/plain"
    location: str | None = None

    def headers(self) -> dict[str, str]:
        known = {"retry-after": self.retry_after, "content-type": self.media_type, "location": self.location}
        return {name: value for name, value in known.items() if value is not None}

    async def body(self) -> AsyncGenerator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield await asyncio.get_running_loop().create_future() if chunk is HANG else chunk
