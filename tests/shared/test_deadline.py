"""Waiting has an end, and costs one timer however often one waits."""

import asyncio
from collections.abc import Callable

import pytest

from shared.deadline import Deadline

SOON_S, LONG_S = 0.005, 60.0


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def wait(deadline: Deadline, limit_s: float) -> None:
    with deadline.within(limit_s):
        await for_ever()


async def test_what_takes_too_long_ends_and_the_task_goes_on() -> None:
    deadline = Deadline()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await wait(deadline, SOON_S)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_shorter_limit_counts_after_a_longer_one() -> None:
    deadline = Deadline()
    with deadline.within(LONG_S):
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await wait(deadline, SOON_S)
    deadline.close()


async def test_a_limit_begins_anew_each_time() -> None:
    deadline = Deadline()
    with deadline.within(SOON_S):
        await asyncio.sleep(0)
    with deadline.within(LONG_S):
        await asyncio.sleep(SOON_S * 3)
    deadline.close()


async def test_what_is_not_waiting_is_not_ended() -> None:
    deadline = Deadline()
    with deadline.within(SOON_S):
        await asyncio.sleep(0)
    await asyncio.sleep(SOON_S * 3)


async def test_a_hundred_pieces_set_one_timer_and_leave_none() -> None:
    timers: list[str] = []

    def set_timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        del seconds, ring
        timers.append("set")
        return lambda: timers.append("cancelled")

    deadline = Deadline(set_timer)
    for _ in range(100):
        with deadline.within(LONG_S):
            await asyncio.sleep(0)
    deadline.close()
    deadline.close()
    assert timers == ["set", "cancelled"]


async def test_a_timer_that_rings_too_early_is_set_again_for_the_rest() -> None:
    rings: list[Callable[[], None]] = []

    def set_timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
        assert 0 < seconds <= LONG_S
        rings.append(ring)
        return lambda: None

    deadline = Deadline(set_timer)
    with deadline.within(LONG_S):
        rings[0]()
        await asyncio.sleep(0)
    assert len(rings) == 2
    rings[1]()
    assert len(rings) == 2, "nobody waits any more"


async def test_being_cancelled_is_no_time_out() -> None:
    task = asyncio.create_task(wait(Deadline(), LONG_S))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
