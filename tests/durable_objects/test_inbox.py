"""Who comes alone waits for nothing; who comes close behind another waits for their like, and nobody is forgotten."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_objects.inbox import (
    CLOSE_MS,
    GATHER_MS,
    IN_VAIN,
    LATE_MS,
    LIMIT,
    TRY_AGAIN_MS,
    WORTHWHILE,
    Inbox,
)

START_MS = 1_764_000_000_000


class Desk:
    """An inbox, its clock and its timers; what was handled, each step by itself."""

    def __init__(self, *, forgets_timers: bool = False) -> None:
        self.now_ms = START_MS
        self.steps: list[list[int]] = []
        self._forgets_timers = forgets_timers
        self._timers: list[tuple[int, Callable[[], None]]] = []
        self.inbox: Inbox[int] = Inbox(self.steps.append, lambda: self.now_ms, self._later)

    def _later(self, ms: int, work: Callable[[], None]) -> None:
        if not self._forgets_timers:
            self._timers.append((self.now_ms + ms, work))

    def put(self, *frames: int, every_ms: int = 0) -> None:
        for frame in frames:
            self.inbox.put(frame)
            self.wait(every_ms)

    def wait(self, ms: int) -> None:
        for _ in range(ms):
            self.now_ms += 1
            due = [work for at_ms, work in self._timers if at_ms <= self.now_ms]
            self._timers = [timer for timer in self._timers if timer[0] > self.now_ms]
            for work in due:
                work()


def test_one_after_the_other_is_handled_at_once() -> None:
    desk = Desk()
    desk.put(1, 2, 3, every_ms=CLOSE_MS)
    assert desk.steps == [[1], [2], [3]]


def test_who_comes_close_behind_waits_for_their_like() -> None:
    desk = Desk()
    desk.put(1, 2, 3)
    assert desk.steps == [[1]]
    desk.wait(GATHER_MS)
    assert desk.steps == [[1], [2, 3]]


def test_nobody_waits_longer_than_the_moment() -> None:
    desk = Desk()
    desk.put(1, 2)
    desk.wait(GATHER_MS - 1)
    desk.put(3)
    desk.wait(1)
    assert desk.steps == [[1], [2, 3]]


def wait_in_vain(desk: Desk, times: int) -> None:
    """So many moments in which only one comes."""
    for _ in range(times):
        desk.put(0, 0)
        desk.wait(GATHER_MS)


def test_where_few_come_nobody_waits_for_a_while() -> None:
    desk = Desk()
    wait_in_vain(desk, IN_VAIN)
    desk.steps.clear()
    desk.put(1, 2, 3, every_ms=1)
    assert desk.steps == [[1], [2], [3]]
    desk.wait(TRY_AGAIN_MS)
    desk.put(4, 5)
    assert desk.steps[3:] == [[4]], "the next tries again"
    desk.wait(GATHER_MS)
    assert desk.steps[3:] == [[4], [5]]


def test_a_moment_that_is_worthwhile_makes_up_for_those_that_were_not() -> None:
    desk = Desk()
    for _ in range(3):
        wait_in_vain(desk, IN_VAIN - 1)
        desk.put(*range(LIMIT + 1))
        desk.wait(GATHER_MS)
    desk.steps.clear()
    desk.put(1, 2)
    assert desk.steps == [[1]], "2 waits"


@pytest.mark.parametrize("many", [WORTHWHILE, LIMIT])
def test_where_many_come_they_go_on_waiting_for_each_other(many: int) -> None:
    desk = Desk()
    for _ in range(3):
        desk.put(*range(many + 1))
        desk.wait(GATHER_MS)
    assert [len(step) for step in desk.steps] == [1, many] * 3


def test_the_end_of_an_earlier_moment_says_nothing_of_a_later_one() -> None:
    desk = Desk()
    desk.put(*range(LIMIT + 1))
    desk.wait(GATHER_MS - 1)
    desk.put(100, 101)
    desk.wait(1)
    assert desk.steps[2:] == [[100]], "101 has waited for a millisecond"
    desk.wait(GATHER_MS - 1)
    assert desk.steps[2:] == [[100], [101]]


def test_so_many_are_enough() -> None:
    desk = Desk()
    desk.put(*range(LIMIT + 1))
    assert desk.steps == [[0], list(range(1, LIMIT + 1))]
    desk.wait(GATHER_MS)
    assert len(desk.steps) == 2, "the timer found nobody"


def test_what_else_happens_comes_after_whoever_waits() -> None:
    desk = Desk()
    desk.put(1, 2)
    desk.inbox.empty()
    assert desk.steps == [[1], [2]]
    desk.inbox.empty()
    assert desk.steps == [[1], [2]]


def test_a_lost_timer_holds_up_nobody_for_ever() -> None:
    desk = Desk(forgets_timers=True)
    desk.put(1, 2)
    desk.wait(LATE_MS)
    desk.put(3)
    assert desk.steps == [[1], [2, 3]]


def test_what_comes_in_while_others_are_handled_waits_its_turn() -> None:
    steps: list[list[int]] = []

    def handle(frames: list[int]) -> None:
        steps.append(frames)
        if frames == [2]:
            inbox.put(3)

    inbox: Inbox[int] = Inbox(handle, lambda: START_MS, lambda *_: None)
    for frame in (1, 2):
        inbox.put(frame)
    inbox.empty()
    inbox.empty()
    assert steps == [[1], [2], [3]]


@pytest.mark.parametrize("forgets_timers", [False, True])
@given(gaps=st.lists(st.integers(0, 2 * LATE_MS), max_size=200))
def test_all_are_handled_once_and_in_their_order(gaps: list[int], forgets_timers: bool) -> None:
    desk = Desk(forgets_timers=forgets_timers)
    for number, gap_ms in enumerate(gaps):
        desk.put(number)
        desk.wait(gap_ms)
    desk.inbox.empty()
    assert [frame for step in desk.steps for frame in step] == list(range(len(gaps)))
    assert all(1 <= len(step) <= LIMIT for step in desk.steps)
