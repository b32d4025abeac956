"""Items between the connection that receives them and the reader that takes them.

Law: a full inbox makes the connection wait, so that a slow reader costs no memory without bound; what was put in before
the end is read before the end.
"""

import asyncio
from collections import deque

from parley.events import Item


class Inbox:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[Item] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._end: Exception | None = None

    async def put(self, item: Item) -> None:
        while len(self._items) >= self._limit and self._end is None:
            self._drained.clear()
            await self._drained.wait()
        self._items.append(item)
        self._filled.set()

    async def get(self) -> Item:
        """The next item; after the last one, raises what `end` was given."""
        while not self._items:
            if self._end is not None:
                raise self._end
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        self._drained.set()
        return item

    def end(self, how: Exception) -> None:
        if self._end is None:
            self._end = how
        self._filled.set()
        self._drained.set()
