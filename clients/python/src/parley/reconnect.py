"""When to come back, and after how long.

Law: pure; chance and time are arguments.
"""

from collections.abc import Callable
from typing import Final

from parley.errors import ParleyError, Unreachable

FIRST_DELAY_S: Final = 0.2
LONGEST_DELAY_S: Final = 10.0
_TEMPORARY_STATUS: Final = frozenset({408, 425, 429})
RATE_LIMITED: Final = 4013
RESYNC: Final = 4010


def is_final(close_code: int) -> bool:
    """4500 to 4999: the server asks not to come back. Everything else may have been the weather."""
    return 4500 <= close_code <= 4999


def is_temporary(failure: ParleyError) -> bool:
    """Whether the same attempt to connect may succeed later."""
    status = failure.status
    return isinstance(failure, Unreachable) or (status is not None and (status in _TEMPORARY_STATUS or status >= 500))


class Backoff:
    """Delays that double, each shortened by up to half, so that a thousand clients do not come back as one."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0

    def next_s(self) -> float:
        ceiling = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return ceiling * (0.5 + self._random() / 2)

    def reset(self) -> None:
        self._failures = 0
