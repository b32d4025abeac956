"""A group that lives long: coming back to it, growing, sleeping, being archived."""

import asyncio
import json
import threading
import time
from pathlib import Path
from statistics import median
from typing import Final, Self

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bench.arena import Arena
from bench.figures import Figure, at_least, at_most, figure
from bench.filling import fill
from bench.parley import seats
from tools.chaos.town import CONTROLLER, Room

MISSED: Final = 10_000
SIZES: Final = (100, 1000, 10_000, 100_000, 1_000_000)
ARCHIVED: Final = 100_000
ROUNDS: Final = 5
APPENDS: Final = 200
JOINS: Final = 20
WAKES: Final = 20
_MB: Final = 1e6


def resume(arena: Arena) -> list[Figure]:
    room = arena.parley.room(2, arena.fresh("resume"))
    head = fill(arena.town.stack, room, MISSED)
    times = []
    for _ in range(ROUNDS):
        job = {"seat": seats(room, 1)[0], "since": head - MISSED, "head": head}
        times.append(arena.generator.run("resume", **job)["elapsed_ms"] / 1000)
    return [figure("resume", f"{MISSED:,} missed events, all shown in order", "s", times, at_most(2))]


def growth(arena: Arena) -> list[Figure]:
    """One group that grows. What is compared is the dearest size with the cheapest."""
    room = arena.parley.room(2, arena.fresh("growth"))
    appends: dict[int, list[float]] = {}
    joins: dict[int, list[float]] = {}
    for size in SIZES:
        fill(arena.town.stack, room, size, up_to=True)
        for _ in range(ROUNDS):
            place = seats(room, 1)
            job = {"messages": APPENDS, "chars": 40, "run": arena.fresh("g"), "gap_ms": 0}
            appends.setdefault(size, []).append(
                median(arena.generator.run("latency", seats=place, **job)["replied_ms"])
            )
            joins.setdefault(size, []).append(
                median(arena.generator.run("join", seat=place[0], times=JOINS)["waits_ms"])
            )
    figures: list[Figure] = []
    for name, times in (("append", appends), ("join", joins)):
        figures += [figure("growth", f"{name}, {size:,} events in the group", "ms", got) for size, got in times.items()]
        medians = [median(got) for got in times.values()]
        what = f"{name}: from {SIZES[0]} to {SIZES[-1]:,} events, dearest ÷ first"
        figures.append(figure("growth", what, "×", [max(medians) / medians[0]], at_most(1.3)))
    return figures


def wake(arena: Arena) -> list[Figure]:
    room = arena.parley.room(2, arena.fresh("wake"))
    return [figure("wake", "asleep to reply, warm isolate", "ms", asyncio.run(_wakes(arena, room)), at_most(50))]


async def _wakes(arena: Arena, room: Room) -> list[float]:
    (place,) = await asyncio.to_thread(seats, room, 1)
    offered = [Subprotocol(name) for name in place["protocols"]]
    times: list[float] = []
    async with connect(place["url"], subprotocols=offered, ping_interval=None) as socket:
        await socket.send('{"id":0,"hello":{}}')
        await socket.recv()
        for number in range(1, WAKES + 1):
            await asyncio.to_thread(arena.town.stack.evict, CONTROLLER, room.group_id, web_sockets="hibernate")
            started = time.perf_counter()
            send = {"client_msg_id": arena.fresh("w"), "text": "Good morning"}
            await socket.send(json.dumps({"id": number, "send": send}))
            while json.loads(await socket.recv()).get("id") != number:
                pass
            times.append((time.perf_counter() - started) * 1000)
    return times


def archive(arena: Arena) -> list[Figure]:
    """From asking for it until it is written, read back, verified and known to the directory."""
    speeds: list[float] = []
    grown: list[float] = []
    for _ in range(3):
        room = arena.parley.room(2, arena.fresh("archive"))
        fill(arena.town.stack, room, ARCHIVED)
        size = arena.town.stack.object_sql(CONTROLLER, room.group_id, "SELECT sum(length(body)) AS size FROM events")
        with _MemoryWatch(Path(f"/proc/{arena.town.stack.runtime_pid}/status")) as memory:
            started = time.monotonic()
            response = httpx.post(
                f"{room.url}/archive", json={"reason": "bench"}, headers=room.people[0].headers, timeout=300
            )
            elapsed = time.monotonic() - started
        response.raise_for_status()
        speeds.append(int(size[0]["size"]) / _MB / elapsed)
        grown.append(memory.grown_mb)
    return [
        figure("archive", f"{ARCHIVED:,} messages", "MB/s", speeds, at_least(5)),
        figure("archive", "by so much the runtime's memory grew meanwhile", "MB", grown),
    ]


class _MemoryWatch:
    """The highest resident size of a process while the block runs, over what it was at its start."""

    def __init__(self, status: Path) -> None:
        self._status = status
        self._over = threading.Event()
        self._first = self._highest = self._resident_mb()
        self._thread = threading.Thread(target=self._watch)

    @property
    def grown_mb(self) -> float:
        return self._highest - self._first

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self._highest = max(self._highest, self._resident_mb())

    def _resident_mb(self) -> float:
        line = next(line for line in self._status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
