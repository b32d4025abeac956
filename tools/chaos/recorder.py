"""The one history of a round, written by everybody who takes part in it."""

from collections.abc import Callable
from itertools import count

from tools.chaos.history import Record


class Recorder:
    def __init__(self) -> None:
        self.history: list[Record] = []
        self._ops, self._connections = count(1), count(1)

    @property
    def note(self) -> Callable[[Record], None]:
        return self.history.append

    def new_op(self) -> int:
        return next(self._ops)

    def new_connection(self) -> int:
        return next(self._connections)
