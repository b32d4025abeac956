"""What a benchmark has to say: figures with their spread, each beside its target.

Law: pure. A figure is the median of several rounds; how far they lay apart is always told with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

Direction = Literal["at least", "at most"]
_WHOLE: Final = 100


@dataclass(frozen=True)
class Target:
    direction: Direction
    value: float

    def met_by(self, value: float) -> bool:
        return value >= self.value if self.direction == "at least" else value <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.direction == 'at least' else '≤'} {readable(self.value)}"


@dataclass(frozen=True)
class Figure:
    """`rounds` are the values that were measured, in their order."""

    part: str
    name: str
    unit: str
    rounds: tuple[float, ...]
    target: Target | None = None

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.target.met_by(self.value)

    def spread(self) -> str:
        if len(self.rounds) == 1:
            return "one run"
        return f"{readable(min(self.rounds))} – {readable(max(self.rounds))}, {len(self.rounds)} runs"


def figure(part: str, name: str, unit: str, rounds: Sequence[float], target: Target | None = None) -> Figure:
    return Figure(part, name, unit, tuple(rounds), target)


def at_least(value: float) -> Target:
    return Target("at least", value)


def at_most(value: float) -> Target:
    return Target("at most", value)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def readable(value: float) -> str:
    if abs(value) >= _WHOLE:
        return f"{value:.0f}"
    return f"{value:.3g}"
