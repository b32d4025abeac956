"""A clock that goes back a little stands; one that was corrected is followed."""

from collections.abc import Sequence

from shared.clock import JUMP_MS, SteadyClock

NOW_MS = 1_764_000_000_000


def readings(times: Sequence[int]) -> list[int]:
    upcoming = iter(times)
    clock = SteadyClock(lambda: next(upcoming))
    return [clock() - NOW_MS for _ in times]


def test_it_goes_on_with_the_machines() -> None:
    assert readings([NOW_MS, NOW_MS, NOW_MS + 5, NOW_MS + 3_600_000]) == [0, 0, 5, 3_600_000]


def test_it_stands_while_the_machines_is_behind() -> None:
    assert readings([NOW_MS + 7, NOW_MS, NOW_MS + 6, NOW_MS + 7, NOW_MS + 8]) == [7, 7, 7, 7, 8]


def test_a_correction_is_followed() -> None:
    assert readings([NOW_MS, NOW_MS - JUMP_MS + 1, NOW_MS - JUMP_MS, NOW_MS - JUMP_MS + 1]) == [
        0,
        0,
        -JUMP_MS,
        -JUMP_MS + 1,
    ]
