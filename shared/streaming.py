"""Streamed answers: heard to be alive while their source is silent, and closed when nobody reads them any more.

Law: pure. Whoever went away is noticed only by writing to them; so while a model thinks, a beat is written now and
then, and a model call that nobody reads any more is closed within two of them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final, cast

from starlette.responses import StreamingResponse
from starlette.types import Send

BEAT_S: Final = 0.5
AHEAD_PIECES: Final = 64


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


async def with_heartbeat(
    source: AsyncGenerator[str], beat: str, every_s: float = BEAT_S, *, joining: bool = False
) -> AsyncGenerator[str]:
    """The pieces of `source`, and `beat` after each `every_s` without one. Closing this closes the source at once.

    `joining`: what has piled up while the reader was busy comes as one piece, so that who lags behind catches up.
    """
    pieces: deque[str] = deque()
    news, taken = _Bell(), _Bell()
    async with aclosing(source):
        reading = asyncio.ensure_future(_read_ahead(source, pieces, news, taken))
        pulse = _Pulse(every_s, news)
        try:
            while pieces or not reading.done():
                await news.rung()
                while pieces:
                    pulse.heard, pulse.is_due = True, False
                    piece = "".join(pieces) if joining else pieces[0]
                    for _ in range(len(pieces) if joining else 1):
                        pieces.popleft()
                    taken.ring()
                    yield piece
                if pulse.is_due:
                    pulse.is_due = False
                    yield beat
            reading.result()
        finally:
            pulse.stop()
            await _ended(reading)


async def _read_ahead(source: AsyncGenerator[str], pieces: deque[str], news: _Bell, taken: _Bell) -> None:
    try:
        async for piece in source:
            pieces.append(piece)
            news.ring()
            while len(pieces) >= AHEAD_PIECES:
                await taken.rung()
    finally:
        news.ring()


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
