import asyncio

import pytest

from parley.errors import Closed
from parley.events import TypingNow
from parley.inbox import Inbox


def item(name: str) -> TypingNow:
    return TypingNow(name, on=True)


async def test_what_was_put_in_before_the_end_is_read_before_the_end() -> None:
    inbox = Inbox(5)
    await inbox.put(item("a"))
    inbox.end(Closed(4504, ""))
    assert await inbox.get() == item("a")
    for _ in range(2):
        with pytest.raises(Closed):
            await inbox.get()


async def test_a_full_inbox_makes_its_writer_wait() -> None:
    inbox = Inbox(1)
    await inbox.put(item("a"))
    writing = asyncio.create_task(inbox.put(item("b")))
    await asyncio.sleep(0)
    assert not writing.done()
    assert await inbox.get() == item("a")
    await writing
    assert await inbox.get() == item("b")


async def test_the_end_frees_a_writer_that_waits() -> None:
    inbox = Inbox(1)
    await inbox.put(item("a"))
    writing = asyncio.create_task(inbox.put(item("b")))
    await asyncio.sleep(0)
    inbox.end(StopAsyncIteration())
    await writing


async def test_two_readers_get_each_item_once() -> None:
    inbox = Inbox(5)
    readers = [asyncio.create_task(inbox.get()) for _ in range(2)]
    await asyncio.sleep(0)
    await inbox.put(item("a"))
    await inbox.put(item("b"))
    assert [await reader for reader in readers] == [item("a"), item("b")]
