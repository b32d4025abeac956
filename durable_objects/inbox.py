"""Frames of a busy group, handled several in one step.

Law: pure. A frame that comes alone is handled at once. One that comes close behind another waits a moment for its like:
what is handled in one step is committed in one go and shown in one frame (databases call it group commit). Their order
stays that of their arrival, and whatever else happens to the group comes after what waits here.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from shared.clock import Clock

Frame = TypeVar("Frame")
Later = Callable[[int, Callable[[], None]], object]
"""Has something done after so many milliseconds."""

CLOSE_MS: Final = 2
"""Who comes sooner than this after another comes close behind it."""
GATHER_MS: Final = 4
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
        self._last_ms = self._since_ms = 0

    def put(self, frame: Frame) -> None:
        now_ms = self._clock()
        alone = now_ms - self._last_ms >= CLOSE_MS
        self._last_ms = now_ms
        if self._waiting:
            self._waiting.append(frame)
            if len(self._waiting) >= LIMIT or now_ms - self._since_ms >= LATE_MS:
                self.empty()
        elif alone:
            self._handle([frame])
        else:
            self._waiting.append(frame)
            self._since_ms = now_ms
            self._later(GATHER_MS, self.empty)

    def empty(self) -> None:
        """Has everything handled that waits."""
        if self._waiting:
            frames, self._waiting = self._waiting, []
            self._handle(frames)
