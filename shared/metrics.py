"""Counting what happens, for charts: a few counters behind one small port.

Law: pure. Counting is one addition in memory, and writing is gathered: nobody waits for it, and nothing is counted
twice. What is counted are names, codes and numbers; never an id, and nothing that people say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Counter = Literal["message", "run", "tokens", "socket_opened", "socket_closed", "refusal"]
POINTS_LIMIT: Final = 25
"""So many data points takes Analytics Engine of one invocation (2026-11); the rest goes with the next flush."""


class Metrics(Protocol):
    def add(self, counter: Counter, label: str = "", amount: int = 1) -> None: ...

    def flush(self) -> None:
        """Writes what has gathered. Never raises."""
        ...


class Uncounted:
    """Where nobody wants to know."""

    def add(self, counter: Counter, label: str = "", amount: int = 1) -> None:
        pass

    def flush(self) -> None:
        pass


UNCOUNTED: Final = Uncounted()


@dataclass(frozen=True)
class Point:
    counter: Counter
    label: str
    amount: int


class Gathered:
    """`write` takes some points at once; `wake` is told when there is something to flush, and has `flush` called."""

    def __init__(self, write: Callable[[Sequence[Point]], None], wake: Callable[[], None] = lambda: None) -> None:
        self._write = write
        self._wake = wake
        self._sums: dict[tuple[Counter, str], int] = {}

    def add(self, counter: Counter, label: str = "", amount: int = 1) -> None:
        if not amount:
            return
        if not self._sums:
            self._wake()
        key = (counter, label)
        self._sums[key] = self._sums.get(key, 0) + amount

    def flush(self) -> None:
        """Writes what has gathered; what does not fit comes next."""
        if not self._sums:
            return
        first = list(self._sums)[:POINTS_LIMIT]
        self._write([Point(counter, label, self._sums.pop((counter, label))) for counter, label in first])
        if self._sums:
            self._wake()
