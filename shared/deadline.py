"""A limit on how long one may wait, over and over, with one timer at a time.

Law: pure. Pyodide (314.0.6) leaves the runtime's timer running when a `call_later` is cancelled, so a timer for each
piece of an answer would leave thousands behind; this one is set again only after it has rung.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SetTimer = Callable[[float, Callable[[], None]], Callable[[], object]]
"""Has that called in so many seconds; what it gives cancels."""


def loop_timer(seconds: float, ring: Callable[[], None]) -> Callable[[], object]:
    return asyncio.get_running_loop().call_later(seconds, ring).cancel


class Deadline:
    def __init__(self, set_timer: SetTimer = loop_timer) -> None:
        self._set_timer = set_timer
        self._waiting: asyncio.Task[Any] | None = None
        self._until_s = 0.0
        self._cancel: Callable[[], object] | None = None
        self._rings_at_s = 0.0
        self._rung = False

    @contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Raises TimeoutError when what is awaited inside takes longer. Never around a `yield`."""
        now_s = asyncio.get_running_loop().time()
        self._waiting, self._until_s, self._rung = asyncio.current_task(), now_s + limit_s, False
        if self._cancel is None or self._rings_at_s > self._until_s:
            self._set(now_s)
        try:
            yield
        except asyncio.CancelledError as exc:
            if self._rung and self._waiting is not None and self._waiting.uncancel() == 0:
                raise TimeoutError from exc
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _set(self, now_s: float) -> None:
        self.close()
        self._rings_at_s = self._until_s
        self._cancel = self._set_timer(self._until_s - now_s, self._ring)

    def _ring(self) -> None:
        self._cancel = None
        if self._waiting is None:
            return
        now_s = asyncio.get_running_loop().time()
        if now_s < self._until_s:
            self._set(now_s)
            return
        self._rung = True
        self._waiting.cancel()
