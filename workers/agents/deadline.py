"""A limit on how long one may wait, over and over, with one timer at a time.

Law: pure. Pyodide (314.0.6) leaves the runtime's timer running when a `call_later` is cancelled, so a timer for each
piece of an answer would leave thousands behind; this one is set again only after it has rung.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Deadline:
    def __init__(self) -> None:
        self._waiting: asyncio.Task[Any] | None = None
        self._until_s = 0.0
        # Pyodide's handles do not know when they ring.
        self._timer: asyncio.Handle | None = None
        self._rings_at_s = 0.0
        self._rung = False

    @contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Raises TimeoutError when what is awaited inside takes longer. Never around a `yield`."""
        loop = asyncio.get_running_loop()
        self._waiting, self._until_s, self._rung = asyncio.current_task(), loop.time() + limit_s, False
        if self._timer is None or self._rings_at_s > self._until_s:
            self._set(loop)
        try:
            yield
        except asyncio.CancelledError as exc:
            if self._rung and self._waiting is not None and self._waiting.uncancel() == 0:
                raise TimeoutError from exc
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        self._rings_at_s = self._until_s
        self._timer = loop.call_at(self._until_s, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if loop.time() < self._until_s:
            self._set(loop)
            return
        self._rung = True
        self._waiting.cancel()
