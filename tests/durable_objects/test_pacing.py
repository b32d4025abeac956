"""A lone message waits for nothing; under load sending leaves time for the rest."""

import pytest

from durable_objects.pacing import FRAME_SENDS, LONGEST_MS, PATIENCE_MS, SENDS_PER_S, SHORTEST_MS, Pacing

START_MS = 1_764_000_000_000


def frames_in(pacing: Pacing, sockets: int, ms: int, every_ms: int) -> tuple[int, int]:
    """Frames that go out for a message each `every_ms`, gathered as Sockets does it; and the longest wait."""
    frames, longest, due_ms = 0, 0, 0
    gathering = False
    for now_ms in range(START_MS, START_MS + ms):
        if gathering and now_ms >= due_ms:
            pacing.sent(sockets, now_ms)
            frames, gathering = frames + 1, False
        if (now_ms - START_MS) % every_ms or gathering:
            continue
        wait_ms = pacing.wait_ms(now_ms)
        longest = max(longest, wait_ms)
        if wait_ms == 0:
            pacing.sent(sockets, now_ms)
            frames += 1
        else:
            gathering, due_ms = True, now_ms + wait_ms
    return frames, longest


@pytest.mark.parametrize("sockets", [1, 20, 100, 1000])
def test_a_lone_message_waits_for_nothing(sockets: int) -> None:
    pacing = Pacing()
    assert frames_in(pacing, sockets, 2000, every_ms=500) == (4, 0)


def test_one_message_after_the_other_is_no_load_in_a_small_room() -> None:
    assert frames_in(Pacing(), 20, 1000, every_ms=4)[1] == 0


@pytest.mark.parametrize("sockets", [2, 20, 100, 500, 1000])
def test_under_load_sending_keeps_to_its_share_of_the_time(sockets: int) -> None:
    pacing = Pacing()
    frames_in(pacing, sockets, 2000, every_ms=1)
    frames, _ = frames_in(pacing, sockets, 2000, every_ms=1)
    sends_per_s = frames * (sockets + FRAME_SENDS) / 2
    at_most_once_in_so_long = (sockets + FRAME_SENDS) * 1000 / LONGEST_MS
    assert sends_per_s <= max(SENDS_PER_S * 1.1, at_most_once_in_so_long)


@pytest.mark.parametrize("sockets", [20, 500, 5000])
def test_nobody_waits_longer_than_the_longest_pause(sockets: int) -> None:
    longest = frames_in(Pacing(), sockets, 3000, every_ms=1)[1]
    assert SHORTEST_MS <= longest <= LONGEST_MS


def test_a_clock_that_goes_back_costs_nothing() -> None:
    pacing = Pacing()
    pacing.sent(100, START_MS)
    assert pacing.wait_ms(START_MS - 60_000) == 0


def test_words_wait_for_their_like_and_for_nothing_else() -> None:
    pacing = Pacing()
    pacing.sent(20, START_MS)
    assert pacing.wait_ms(START_MS, patient=True) == 0, "a message went out, no words"
    pacing.sent(20, START_MS, patient=True)
    assert pacing.wait_ms(START_MS + 10, patient=True) == PATIENCE_MS - 10
    assert pacing.wait_ms(START_MS + 10) == 0, "a message waits for no words"
    assert pacing.wait_ms(START_MS + PATIENCE_MS, patient=True) == 0
    assert pacing.wait_ms(START_MS - 60_000, patient=True) == PATIENCE_MS


def test_words_are_not_let_off_what_the_room_owes() -> None:
    pacing = Pacing()
    for _ in range(3):
        pacing.sent(1000, START_MS)
    assert pacing.wait_ms(START_MS, patient=True) == pacing.wait_ms(START_MS) == LONGEST_MS
