"""Streamed answers: heard to be alive while their source is silent, and closed when nobody reads them any more.

Law: pure. Whoever went away is noticed only by writing to them; so while a model thinks, a beat is written now and
then, and a model call that nobody reads any more is closed within two of them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Final, Generic, TypeVar, cast

from starlette.responses import StreamingResponse
from starlette.types import Send

BEAT_S: Final = 0.5
AHEAD_PIECES: Final = 64
P = TypeVar("P")


class _Bell:
    """Wakes the one who waits for it. `asyncio.wait` did the same for five times as much, and a task a piece."""

    def __init__(self) -> None:
        self._rung = False
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        self._rung = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def rung(self) -> None:
        if not self._rung:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._rung = False

    def silence(self) -> None:
        """It has not rung for who comes now."""
        self._rung = False


class _Pulse:
    """Says so each time when nothing was heard for so long. One timer at a time, see deadline.py."""

    def __init__(self, every_s: float, bell: _Bell) -> None:
        self.is_due = False
        self.heard = False
        self._every_s = every_s
        self._bell = bell
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._tick)

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        self.is_due, self.heard = not self.heard, False
        if self.is_due:
            self._bell.ring()
        self._timer = self._loop.call_later(self._every_s, self._tick)


async def with_heartbeat(source: AsyncGenerator[str], beat: str, every_s: float = BEAT_S) -> AsyncGenerator[str]:
    """The pieces of `source`, and `beat` after each `every_s` without one. Closing this closes the source at once."""
    async with aclosing(_taken(source, every_s, 1, 0.0)) as pieces:
        async for piece in pieces:
            yield "".join(piece) if piece else beat


async def gathered(
    source: AsyncGenerator[P],
    told: Callable[[Sequence[P]], str],
    beat: str,
    every_s: float = BEAT_S,
    gather_s: float = 0.0,
) -> AsyncGenerator[str]:
    """The same, with all that has come in the meantime as one piece: while the reader was busy, so that who lags behind
    catches up, and for `gather_s` after the piece before. What comes after a pause comes at once, and so does the end.
    """
    async with aclosing(_taken(source, every_s, AHEAD_PIECES, gather_s)) as pieces:
        async for some in pieces:
            yield told(some) if some else beat


async def _taken(source: AsyncGenerator[P], every_s: float, at_most: int, gather_s: float) -> AsyncGenerator[list[P]]:
    """What has come, at most so many at once and the next no sooner than `gather_s` later; nothing is a beat."""
    loop = asyncio.get_running_loop()
    async with aclosing(source):
        ahead = _Ahead[P]()
        reading = asyncio.ensure_future(ahead.read(source))
        pulse = _Pulse(every_s, ahead.news)
        free_at_s = 0.0
        try:
            while ahead.pieces or not reading.done():
                await ahead.news.rung()
                while ahead.pieces:
                    pulse.heard, pulse.is_due = True, False
                    if gather_s and (wait_s := free_at_s - loop.time()) > 0:
                        await ahead.full_within(wait_s)
                    yield ahead.take(at_most)
                    free_at_s = loop.time() + gather_s
                if pulse.is_due:
                    pulse.is_due = False
                    yield []
            reading.result()
        finally:
            pulse.stop()
            await _ended(reading)


class _Ahead(Generic[P]):
    """What a source has given and its reader has not taken yet."""

    def __init__(self) -> None:
        self.pieces: deque[P] = deque()
        self.news = _Bell()
        self._taken = _Bell()
        self._full = _Bell()
        self._is_over = False

    async def read(self, source: AsyncGenerator[P]) -> None:
        try:
            async for piece in source:
                self.pieces.append(piece)
                self.news.ring()
                while len(self.pieces) >= AHEAD_PIECES:
                    self._full.ring()
                    await self._taken.rung()
        finally:
            self._is_over = True
            self._full.ring()
            self.news.ring()

    async def full_within(self, wait_s: float) -> None:
        """So long, or until there is nothing to wait for."""
        if not self._is_over and len(self.pieces) < AHEAD_PIECES:
            self._full.silence()
            asyncio.get_running_loop().call_later(wait_s, self._full.ring)
            await self._full.rung()

    def take(self, at_most: int) -> list[P]:
        found = [self.pieces.popleft() for _ in range(min(at_most, len(self.pieces)))]
        self._taken.ring()
        return found


async def _ended(reading: asyncio.Future[None]) -> None:
    """The source can be closed only when nothing waits inside it any more."""
    if reading.done():
        # Asked for, so that nobody misses it where the reader went away first.
        reading.cancelled() or reading.exception()
        return
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


class Closing(StreamingResponse):
    """Ends its source as soon as its reader has gone away; Starlette leaves that to the garbage collector."""

    async def stream_response(self, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[str]", self.body_iterator)):
            await super().stream_response(send)
