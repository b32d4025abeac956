"""`chat` without a screen: each line of stdin is a message, what is said comes out as lines.

Law: at the end of stdin it stays until everything said was stored and the agents that were asked have answered.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

from parley.cli.output import note, put
from parley.cli.sentences import line_of
from parley.errors import Closed, ParleyError
from parley.events import Event
from parley.group import Group


async def stdin_lines() -> AsyncIterator[str]:
    """Read in a thread: what stdin is (a pipe, a file, a terminal) decides whether asyncio could."""
    while text := await asyncio.to_thread(sys.stdin.readline):
        if text.strip():
            yield text.rstrip("\n")


async def chat(room: Group, lines: AsyncIterator[str]) -> None:
    """Raises ParleyError when something said was refused, or the room ended before all was said."""
    refusals: list[ParleyError] = []
    reading: asyncio.Task[None] | None = None
    async with room:
        reading = asyncio.create_task(_show(room))
        last_seq = 0
        async for text in lines:
            try:
                last_seq = (await room.send(text)).seq
            except Closed:
                raise
            except ParleyError as refusal:
                note(f"not sent: {refusal.detail}")
                refusals.append(refusal)
        await _quiet(room, last_seq)
    # What was received before the end is shown before the end.
    await reading
    if refusals:
        raise refusals[0]


async def _show(room: Group) -> None:
    try:
        async for item in room:
            if isinstance(item, Event) and (words := line_of(item, room.agents)) is not None:
                put(words)
    except Closed:
        return  # who speaks hears of it


async def _quiet(room: Group, seq: int) -> None:
    """An answer to a command comes behind all that the group had to tell before: a run that waited may begin there."""
    while True:
        await room.until(lambda: room.position >= seq and not room.active_runs)
        await room.roll_call()
        if not room.active_runs:
            return
