"""A door through which everything that reaches the group goes, so that it can be quiet for a moment.

Miniflare (5.20261117) asks workerd to evict with its event loop blocked, and workerd waits for the object to be idle:
under load it waits so long that workerd's log, which nobody reads meanwhile, fills its pipe and both stand still.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._nobody_inside = asyncio.Event()
        self._nobody_inside.set()
        self._inside = 0

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        await self._open.wait()
        self._inside += 1
        self._nobody_inside.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside == 0:
                self._nobody_inside.set()

    @asynccontextmanager
    async def shut(self) -> AsyncIterator[None]:
        """Nobody new gets in, and whoever is inside has come out."""
        self._open.clear()
        try:
            await self._nobody_inside.wait()
            yield
        finally:
            self._open.set()
