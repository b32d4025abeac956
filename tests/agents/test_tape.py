"""A run's events are stored, then shown; who comes back gets exactly what followed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from agents import tape as tapes
from agents.tape import ABANDONED_MS, Tape
from shared.agent_api import PartDelta, RunError, RunEvent, TextPartDelta
from shared.errors import NotFound
from tests.agents.turns import RUN_ID
from tests.fakes import FakeSql


class Machine:
    """A run that says a letter each time it is told to, on a tape."""

    def __init__(self) -> None:
        self.sql = FakeSql()
        self.now_ms = 0
        self.tape = self.new_instance()
        self.letters: asyncio.Queue[str | None] = asyncio.Queue()
        self.closed = asyncio.Event()

    def new_instance(self) -> Tape:
        self.tape = Tape(self.sql, lambda: self.now_ms)
        return self.tape

    async def events(self) -> AsyncGenerator[RunEvent]:
        try:
            while (letter := await self.letters.get()) is not None:
                yield PartDelta(index=0, delta=TextPartDelta(content_delta=letter))
        finally:
            self.closed.set()

    def record(self) -> asyncio.Task[None]:
        self.tape.begin()
        return asyncio.ensure_future(self.tape.record(RUN_ID, self.events()))

    def say(self, letters: str, *, end: bool = False) -> None:
        for letter in letters:
            self.letters.put_nowait(letter)
        if end:
            self.letters.put_nowait(None)


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    machine = Machine()
    yield machine
    machine.sql.close()


def said(frames: list[str]) -> str:
    return "".join(frame.partition('"content_delta":"')[2][:1] for frame in frames)


async def whole(reading: AsyncGenerator[str]) -> list[str]:
    return [frame async for frame in reading]


async def test_events_are_numbered_and_end_with_their_run(machine: Machine) -> None:
    recording = machine.record()
    machine.say("abc", end=True)
    frames = await whole(machine.tape.begin_reading(0))
    await recording
    assert [frame.split("\n")[0] for frame in frames] == [f"id: {RUN_ID}:{n}" for n in (1, 2, 3)]
    assert said(frames) == "abc"
    assert frames[0].split("\n")[1] == "event: part_delta"


@pytest.mark.parametrize("after", range(6))
async def test_who_resumes_gets_exactly_what_followed_and_then_what_comes(machine: Machine, after: int) -> None:
    recording = machine.record()
    machine.say("abcde")
    first = machine.tape.begin_reading(0)
    for _ in range(5):
        await anext(first)
    await first.aclose()
    reading = asyncio.ensure_future(whole(machine.tape.begin_reading(after)))
    machine.say("fg", end=True)
    assert said(await reading) == "abcdefg"[after:]
    await recording
    assert said(await whole(machine.new_instance().begin_reading(after))) == "abcdefg"[after:]


async def test_two_readers_see_the_same(machine: Machine) -> None:
    recording = machine.record()
    readings = [asyncio.ensure_future(whole(machine.tape.begin_reading(0))) for _ in range(2)]
    machine.say("a" * 500, end=True)
    one, two = await asyncio.gather(*readings)
    await recording
    assert one == two
    assert len(one) == 500


@pytest.mark.parametrize("after", [1, 4])
async def test_a_number_that_is_not_there_is_not_found(machine: Machine, after: int) -> None:
    with pytest.raises(NotFound):
        machine.tape.begin_reading(after)
    assert machine.sql.execute("SELECT * FROM sqlite_master") == [], "asking leaves nothing behind"
    recording = machine.record()
    machine.say("" if after == 1 else "abc", end=True)
    await recording
    with pytest.raises(NotFound):
        machine.tape.begin_reading(after)


async def test_a_run_that_went_down_with_its_instance_ends_with_an_error(machine: Machine) -> None:
    recording = machine.record()
    machine.say("ab")
    reading = machine.tape.begin_reading(0)
    await anext(reading)
    await anext(reading)
    await reading.aclose()
    recording.cancel()
    tape = machine.new_instance()
    assert (tape.was_cut, tape.is_blank) == (True, False)
    tape.cut(RUN_ID)
    (last,) = await whole(tape.begin_reading(2))
    assert last.startswith(f"id: {RUN_ID}:3\nevent: run_error\n")
    assert not machine.new_instance().was_cut


async def test_a_run_that_is_left_alone_is_closed_though_it_says_nothing(machine: Machine) -> None:
    recording = machine.record()
    machine.say("a")
    reading = machine.tape.begin_reading(0)
    await anext(reading)
    machine.now_ms += ABANDONED_MS * 2
    machine.say("b")
    await anext(reading)
    assert not machine.closed.is_set(), "somebody listens"
    await reading.aclose()
    machine.now_ms += ABANDONED_MS + 1
    await recording
    assert machine.closed.is_set()
    *_, last = await whole(machine.tape.begin_reading(0))
    assert RunError(code="interrupted", message="Nobody listened any more").model_dump_json() in last


async def test_a_run_that_says_more_than_is_kept_is_closed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tapes, "SIZE_LIMIT_CHARS", 500)
    recording = machine.record()
    machine.say("a" * 50)
    frames = await whole(machine.tape.begin_reading(0))
    await recording
    assert "too_large" in frames[-1]
    assert len(said(frames)) < 10
