"""A silent source still beats, and ends with its reader."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from shared.streaming import AHEAD_PIECES, gathered, with_heartbeat

SOON_S = 0.001
LONG_S = 60.0


class Source:
    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.closed = False

    async def pieces(self) -> AsyncGenerator[str]:
        try:
            yield "a"
            await self.go_on.wait()
            yield "b"
        finally:
            self.closed = True


class Words:
    """Says them one soon after the other, and then nothing until it may end."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.ended = asyncio.Event()
        self.closed = False

    async def pieces(self) -> AsyncGenerator[str]:
        try:
            for word in self.words:
                yield word
                for _ in range(5):
                    await asyncio.sleep(0)
            await self.ended.wait()
        finally:
            self.closed = True


async def test_what_comes_in_time_comes_without_a_beat() -> None:
    source = Source()
    source.go_on.set()
    assert [piece async for piece in with_heartbeat(source.pieces(), "♥", LONG_S)] == ["a", "b"]


async def test_silence_beats_and_loses_nothing() -> None:
    source = Source()
    found = []
    async for piece in with_heartbeat(source.pieces(), "♥", SOON_S):
        found.append(piece)
        if found.count("♥") == 2:
            source.go_on.set()
    assert [piece for piece in found if piece != "♥"] == ["a", "b"]


@pytest.mark.parametrize("beats", [0, 1])
async def test_a_reader_that_goes_away_closes_a_source_that_waits(beats: int) -> None:
    source = Source()
    async with aclosing(with_heartbeat(source.pieces(), "♥", SOON_S)) as stream:
        for _ in range(1 + beats):
            await anext(stream)
        assert not source.closed
    assert source.closed


async def test_cancelling_the_reader_closes_it_as_well() -> None:
    source = Source()

    async def read() -> None:
        async with aclosing(with_heartbeat(source.pieces(), "♥", LONG_S)) as stream:
            async for _ in stream:
                reading.set()

    reading = asyncio.Event()
    task = asyncio.create_task(read())
    await reading.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed


async def test_a_failure_of_the_source_is_the_readers() -> None:
    async def broken() -> AsyncGenerator[str]:
        yield "a"
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        assert [piece async for piece in with_heartbeat(broken(), "♥", LONG_S)] == []


async def many() -> AsyncGenerator[str]:
    for number in range(3 * AHEAD_PIECES):
        yield f"{number},"


ALL_OF_THEM = "".join(f"{number}," for number in range(3 * AHEAD_PIECES))


@pytest.mark.parametrize("gathering", [True, False])
async def test_a_slow_reader_gets_everything_in_order(gathering: bool) -> None:
    found = []
    stream = gathered(many(), "".join, "♥", LONG_S) if gathering else with_heartbeat(many(), "♥", LONG_S)
    async for piece in stream:
        found.append(piece)
        for _ in range(10):
            await asyncio.sleep(0)
    assert "".join(found) == ALL_OF_THEM
    assert len(found) < AHEAD_PIECES if gathering else len(found) == 3 * AHEAD_PIECES


async def test_what_is_more_than_is_read_ahead_does_not_wait_for_its_time() -> None:
    assert "".join([piece async for piece in gathered(many(), "".join, "♥", LONG_S, LONG_S)]) == ALL_OF_THEM


async def test_the_first_comes_at_once_what_follows_is_gathered_and_the_end_waits_for_nothing() -> None:
    source = Words("a", "b", "c", "d")
    stream = gathered(source.pieces(), "".join, "♥", LONG_S, LONG_S)
    assert await anext(stream) == "a"
    following = asyncio.ensure_future(anext(stream))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not following.done()
    source.ended.set()
    assert await following == "bcd"
    assert [piece async for piece in stream] == []


async def test_what_was_gathered_goes_on_when_its_time_has_come() -> None:
    source = Words("a", "b", "c")
    async with aclosing(gathered(source.pieces(), "".join, "♥", LONG_S, SOON_S)) as stream:
        assert [await anext(stream) for _ in range(2)] == ["a", "bc"]


async def test_what_comes_after_a_pause_comes_at_once() -> None:
    source = Source()
    async with aclosing(gathered(source.pieces(), "".join, "♥", LONG_S, SOON_S)) as stream:
        assert await anext(stream) == "a"
        await asyncio.sleep(2 * SOON_S)
        source.go_on.set()
        assert await anext(stream) == "b"


async def test_a_reader_that_goes_away_while_words_are_gathered_closes_the_source() -> None:
    source = Words("a", "b")
    async with aclosing(gathered(source.pieces(), "".join, "♥", LONG_S, LONG_S)) as stream:
        assert await anext(stream) == "a"
        following = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        following.cancel()
        with pytest.raises(asyncio.CancelledError):
            await following
    assert source.closed


async def test_a_source_is_not_read_far_ahead_of_its_reader() -> None:
    given = 0

    async def endless() -> AsyncGenerator[str]:
        nonlocal given
        while True:
            given += 1
            yield "word "

    async with aclosing(with_heartbeat(endless(), "♥", LONG_S)) as stream:
        for _ in range(5):
            await anext(stream)
            await asyncio.sleep(0)
        assert given <= AHEAD_PIECES + 5


async def test_a_failure_that_the_reader_did_not_wait_for_is_nobodys() -> None:
    async def broken() -> AsyncGenerator[str]:
        yield "a"
        raise ValueError("broken")

    async with aclosing(with_heartbeat(broken(), "♥", LONG_S)) as stream:
        assert await anext(stream) == "a"
        for _ in range(3):
            await asyncio.sleep(0)
