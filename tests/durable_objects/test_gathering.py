"""Words of agents wait for their like, and hold up nothing: what goes out, in which frames, in which order."""

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from durable_objects.effects import Session
from durable_objects.frames import SESSION_LIFE_MS
from durable_objects.pacing import PATIENCE_MS
from tests.durable_objects.border import EDGE, Border, install, socket

NOW_MS = 1_764_000_000_000
SENDS_OF_A_BURST = 2_000


class Hall:
    """One socket that has said hello, and a clock that stands."""

    def __init__(self, border: Border, edge: Any) -> None:  # noqa: ANN401 -- loaded anew
        self._border = border
        self.now_ms = NOW_MS
        ctx = border.thing(setWebSocketAutoResponse=lambda _: None, getWebSockets=list, acceptWebSocket=lambda _: None)
        self.sockets = edge.Sockets(ctx, lambda _: None, lambda: self.now_ms)
        session = Session("s1", "usr_1", NOW_MS, NOW_MS + SESSION_LIFE_MS)
        self.sockets.accept(socket(border), session)
        self.sockets.remember(session.said_hello())

    def word(self, text: str) -> None:
        self.sockets.tell_all(json.dumps(text), None, patient=True)

    def message(self, text: str) -> None:
        self.sockets.tell_all(json.dumps(text), None)

    @property
    def frames(self) -> list[Any]:
        return [json.loads(text) for text in self._border.sent]


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    border = Border()
    install(border, monkeypatch)
    yield Hall(border, importlib.import_module("durable_objects.sockets"))
    border.database.close()
    for name in EDGE:
        sys.modules.pop(name, None)


async def until_flushed(hall: Hall, frames: int) -> None:
    async with asyncio.timeout(10):
        while len(hall.frames) < frames:  # noqa: ASYNC110 -- nobody signals a frame
            await asyncio.sleep(PATIENCE_MS / 1000)


async def test_the_first_word_goes_at_once_and_the_next_ones_share_a_frame(hall: Hall) -> None:
    for text in ("a", "b", "c"):
        hall.word(text)
    assert hall.frames == ["a"]
    await until_flushed(hall, 2)
    assert hall.frames == ["a", ["b", "c"]]


async def test_words_that_come_one_by_one_wait_for_nothing(hall: Hall) -> None:
    for text in ("a", "b", "c"):
        hall.word(text)
        hall.now_ms += PATIENCE_MS
    assert hall.frames == ["a", "b", "c"]


async def test_a_message_goes_at_once_and_takes_along_what_has_gathered(hall: Hall) -> None:
    for text in ("a", "b"):
        hall.word(text)
    hall.message("hello")
    assert hall.frames == ["a", ["b", "hello"]]
    hall.word("c")
    assert hall.frames[2:] == [], "words went out a moment ago"
    await until_flushed(hall, 3)
    assert hall.frames == ["a", ["b", "hello"], "c"]


async def test_the_first_word_does_not_wait_for_a_message_before_it(hall: Hall) -> None:
    hall.message("hello")
    hall.word("a")
    assert hall.frames == ["hello", "a"]


async def test_a_message_among_words_waits_where_the_room_owes(hall: Hall) -> None:
    for _ in range(SENDS_OF_A_BURST):
        hall.sockets._pacing.sent(1, NOW_MS)
    hall.word("a")
    hall.message("hello")
    assert hall.frames == []
    await until_flushed(hall, 1)
    assert hall.frames == [["a", "hello"]]


async def test_nothing_gathered_is_overtaken_by_what_is_for_all_but_one(hall: Hall) -> None:
    for text in ("a", "b"):
        hall.word(text)
    hall.sockets.tell_all(json.dumps("typing"), "s2")
    assert hall.frames == ["a", "b", "typing"]
