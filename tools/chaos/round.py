"""One round: a fresh group, people in it, faults while they talk; then quiet, and the whole log."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

import httpx

from tools.chaos.client import Client
from tools.chaos.faults import Done, Faults
from tools.chaos.gate import Gate
from tools.chaos.history import EventSeen, FinalLog, Record, SendAcked, Settled
from tools.chaos.people import Person, Reader, Writer
from tools.chaos.recorder import Recorder
from tools.chaos.town import Room

WRITERS: Final = 8
READERS: Final = 4
POLL_S: Final = 0.1
SETTLE_WITHIN_S: Final = 120.0
# A run that nobody drives is ended when its lease of a minute is over, at the latest.
RUNS_END_WITHIN_S: Final = 90.0
HEAR_WITHIN_S: Final = 60.0
HTTP_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True)
class Played:
    history: tuple[Record, ...]
    done: Done


async def play(room: Room, kills: int, seed: str) -> Played:
    recorder, gate = Recorder(), Gate()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S, limits=limits) as http:
        clients = [Client(person, room, recorder, http, gate) for person in room.people]
        faults = Faults(room, clients, gate, chance(seed, "faults"))
        stop = asyncio.Event()
        everybody: list[Person] = []
        for client in clients:
            kind = Writer if len(everybody) < WRITERS else Reader
            everybody.append(kind(client, chance(seed, client.person.name), stop))
        async with asyncio.TaskGroup() as talking:
            for person in everybody:
                talking.create_task(person.live())
            await faults.strike(kills)
            stop.set()
        await _quieten(room, everybody, recorder)
        await asyncio.gather(*(client.leave() for client in clients))
        await _read_all(room, clients[0], recorder)
    return Played(tuple(recorder.history), faults.done)


async def _quieten(room: Room, everybody: list[Person], recorder: Recorder) -> None:
    """Nothing is open any more: no question of a writer, no run, no event that somebody has yet to hear."""
    staying = [asyncio.create_task(person.stay()) for person in everybody]
    try:
        writers = [person for person in everybody if isinstance(person, Writer)]
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_WITHIN_S):
                await asyncio.gather(*(writer.settle() for writer in writers))
        await _until(lambda: room.open_runs() == 0, RUNS_END_WITHIN_S)
        head = await _last_word(writers[0].client)
        await _until(lambda: all(person.client.mind.position >= head for person in everybody), HEAR_WITHIN_S)
        recorder.note(Settled())
    finally:
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)


async def _last_word(client: Client) -> int:
    """Something that whoever is connected must hear. Its seq; 0 when not even that can be said."""
    for _ in range(10):
        outcome = await client.send("last-word", "Good night.", None)
        if isinstance(outcome, SendAcked):
            return outcome.seq
        await asyncio.sleep(1)
    return 0


async def _read_all(room: Room, client: Client, recorder: Recorder) -> None:
    """The log as a fresh reader is shown it, as HTTP pages it, and as it lies in storage."""
    stored = room.stored_events()
    client.mind.position = 0
    await client.join(since=0)
    await _until(lambda: client.mind.position >= len(stored), HEAR_WITHIN_S)
    connection = client.wire.connection if client.wire else 0
    shown = [r.body for r in recorder.history if isinstance(r, EventSeen) and r.connection == connection]
    await client.leave()
    recorder.note(FinalLog("a fresh reader", tuple(shown)))
    recorder.note(FinalLog("HTTP", await asyncio.to_thread(room.paged_events)))
    recorder.note(FinalLog("storage", stored))


async def _until(condition: Callable[[], bool], within_s: float) -> None:
    """Waits no longer than that: what is missing then is for the checker to say."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 -- of storage, of several clients: nobody signals it
                await asyncio.sleep(POLL_S)


def chance(seed: str, who: str) -> Random:
    return Random(f"{seed} {who}")  # noqa: S311 -- chosen so that it can be chosen again
