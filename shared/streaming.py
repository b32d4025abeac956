"""Streamed answers: heard to be alive while their source is silent, and closed when nobody reads them any more.

Law: pure. Whoever went away is noticed only by writing to them; so while a model thinks, a beat is written now and
then, and a model call that nobody reads any more is closed within two of them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any, Final, cast

from starlette.responses import StreamingResponse
from starlette.types import Send

BEAT_S: Final = 0.5


async def with_heartbeat(source: AsyncGenerator[str], beat: str, every_s: float = BEAT_S) -> AsyncGenerator[str]:
    """The pieces of `source`, and `beat` in each `every_s` without one. Closing this closes the source at once."""
    reading: asyncio.Future[str] | None = None
    tick = asyncio.ensure_future(asyncio.sleep(every_s))
    is_silent = True
    async with aclosing(source):
        try:
            while True:
                reading = reading or asyncio.ensure_future(anext(source))
                awaited: set[asyncio.Future[Any]] = {reading, tick}
                await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    try:
                        piece, reading = reading.result(), None
                    except StopAsyncIteration:
                        return
                    is_silent = False
                    yield piece
                if tick.done():
                    # One timer for all pieces of a stretch, see deadline.py.
                    tick, was_silent, is_silent = asyncio.ensure_future(asyncio.sleep(every_s)), is_silent, True
                    if was_silent:
                        yield beat
        finally:
            tick.cancel()
            if reading is not None:
                reading.cancel()
                # The source can be closed only when nothing waits inside it any more.
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await reading


class Closing(StreamingResponse):
    """Ends its source as soon as its reader has gone away; Starlette leaves that to the garbage collector."""

    async def stream_response(self, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[str]", self.body_iterator)):
            await super().stream_response(send)
