"""A silent source still beats, and ends with its reader."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from shared.streaming import AHEAD_PIECES, with_heartbeat

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


@pytest.mark.parametrize("joining", [True, False])
async def test_a_slow_reader_gets_everything_in_order(joining: bool) -> None:
    async def many() -> AsyncGenerator[str]:
        for number in range(3 * AHEAD_PIECES):
            yield f"{number},"

    found = []
    async for piece in with_heartbeat(many(), "♥", LONG_S, joining=joining):
        found.append(piece)
        for _ in range(10):
            await asyncio.sleep(0)
    assert "".join(found) == "".join(f"{number}," for number in range(3 * AHEAD_PIECES))
    assert len(found) < AHEAD_PIECES if joining else len(found) == 3 * AHEAD_PIECES


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
