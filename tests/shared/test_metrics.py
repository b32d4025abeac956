"""Counters: added up in memory, written gathered, each sum once."""

import re
from collections.abc import Sequence
from typing import get_args

import pytest

from shared.metrics import POINTS_LIMIT, UNCOUNTED, Counter, Gathered, Point
from tests.layout.sources import ROOT


class Dataset:
    """Takes what is written; counts how often it was told to wake up."""

    def __init__(self) -> None:
        self.writes: list[list[Point]] = []
        self.wakes = 0
        self.metrics = Gathered(self._write, self._wake)

    def _write(self, points: Sequence[Point]) -> None:
        self.writes.append(list(points))

    def _wake(self) -> None:
        self.wakes += 1


@pytest.fixture
def dataset() -> Dataset:
    return Dataset()


def test_what_is_alike_is_one_point_and_all_of_them_one_write(dataset: Dataset) -> None:
    for _ in range(3):
        dataset.metrics.add("message", "user")
    dataset.metrics.add("tokens", "input", 41)
    dataset.metrics.flush()
    assert dataset.writes == [[Point("message", "user", 3), Point("tokens", "input", 41)]]


def test_what_was_written_is_not_written_again(dataset: Dataset) -> None:
    dataset.metrics.add("message", "user")
    dataset.metrics.flush()
    dataset.metrics.flush()
    dataset.metrics.add("message", "user")
    dataset.metrics.flush()
    assert dataset.writes == [[Point("message", "user", 1)]] * 2


def test_it_is_woken_once_for_all_that_gathers(dataset: Dataset) -> None:
    for _ in range(3):
        dataset.metrics.add("refusal", "conflict")
    assert dataset.wakes == 1
    dataset.metrics.flush()
    dataset.metrics.add("refusal", "conflict")
    assert dataset.wakes == 2


def test_of_nothing_no_point_is_made(dataset: Dataset) -> None:
    dataset.metrics.add("tokens", "input", 0)
    dataset.metrics.flush()
    assert (dataset.writes, dataset.wakes) == ([], 0)


def test_a_write_takes_so_many_points_and_the_rest_comes_next(dataset: Dataset) -> None:
    for number in range(POINTS_LIMIT + 3):
        dataset.metrics.add("socket_closed", str(number))
    dataset.metrics.flush()
    assert dataset.wakes == 2
    dataset.metrics.flush()
    assert [len(write) for write in dataset.writes] == [POINTS_LIMIT, 3]
    assert len({point.label for write in dataset.writes for point in write}) == POINTS_LIMIT + 3


def test_every_counter_is_explained_to_whoever_reads_the_charts() -> None:
    page = (ROOT / "docs" / "operate.md").read_text()
    assert set(get_args(Counter)) == set(re.findall(r"^\| `(\w+)` \|.*\| \S.*\| \S.*\|$", page, re.MULTILINE))


def test_where_nobody_wants_to_know_nothing_happens() -> None:
    UNCOUNTED.add("message", "user")
    UNCOUNTED.flush()
