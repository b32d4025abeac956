"""Frames of a busy group, handled several in one step.

Law: pure. A frame that comes alone is handled at once. One that comes close behind another waits a moment for its like:
what is handled in one step is committed in one go and shown in one frame (databases call it group commit). Where few
come in such moments, handling each at once is quicker, and for a while nobody waits. Their order stays that of their
arrival, and whatever else happens to the group comes after what waits here.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from shared.clock import Clock

Frame = TypeVar("Frame")
Later = Callable[[int, Callable[[], None]], object]
"""Has something done after so many milliseconds."""

CLOSE_MS: Final = 2
"""Who comes sooner than this after another comes close behind it."""
GATHER_MS: Final = 4
WORTHWHILE: Final = 12
"""So many in a moment take longer one by one (measured: with 8 in flight waiting was slower, with 16 quicker)."""
TRY_AGAIN_MS: Final = 1_000
IN_VAIN: Final = 3
"""So many moments in a row must not be worthwhile: where many come, one by itself can be as well."""
LIMIT: Final = 32
"""A commit that so many share costs each of them next to nothing; more would only hold up whoever else waits."""
LATE_MS: Final = 50
"""A runtime that forgot the timer forgets no frame."""


class Inbox(Generic[Frame]):
    def __init__(self, handle: Callable[[list[Frame]], None], clock: Clock, later: Later) -> None:
        self._handle = handle
        self._clock = clock
        self._later = later
        self._waiting: list[Frame] = []
        self._moments = 0
        self._last_ms = self._since_ms = self._again_ms = self._in_vain = 0

    def put(self, frame: Frame) -> None:
        now_ms = self._clock()
        is_close = now_ms - self._last_ms < CLOSE_MS
        self._last_ms = now_ms
        if self._waiting:
            self._waiting.append(frame)
            if len(self._waiting) >= LIMIT or now_ms - self._since_ms >= LATE_MS:
                self.empty()
        elif is_close and now_ms >= self._again_ms:
            self._waiting.append(frame)
            self._since_ms = now_ms
            self._moments += 1
            self._later(GATHER_MS, partial(self._is_over, self._moments))
        else:
            self._handle([frame])

    def _is_over(self, moment: int) -> None:
        if moment == self._moments and self._waiting:
            if len(self._waiting) < WORTHWHILE:
                self._in_vain += 1
            if self._in_vain == IN_VAIN:
                self._in_vain = 0
                self._again_ms = self._clock() + TRY_AGAIN_MS
            self.empty()

    def empty(self) -> None:
        """Has everything handled that waits."""
        if self._waiting:
            frames, self._waiting = self._waiting, []
            if len(frames) >= WORTHWHILE:
                self._in_vain = 0
            self._handle(frames)
