"""What is done to the stack: killed, paused, its sockets cut, its object dropped from memory.

Law: one fault after the other, each by its process id or its name; what was paused goes on again whatever happens.
"""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from tools.chaos.client import Client
from tools.chaos.gate import Gate
from tools.chaos.town import CONTROLLER, Room
from tools.stack import StackError

# On a machine that is busy with other things a runtime takes half a minute to come back.
SECONDS_PER_KILL: Final = 60.0


@dataclass
class Done:
    kills: int = 0
    pauses: int = 0
    cuts: int = 0
    evictions: int = 0


class Faults:
    def __init__(self, room: Room, clients: Sequence[Client], gate: Gate, chance: Random) -> None:
        self.done = Done()
        self._room = room
        self._clients = clients
        self._gate = gate
        self._runs_at_kill = 0
        self._chance = chance

    async def strike(self, kills: int) -> None:
        """Until so many kills are done, or far more time has gone by than they need."""
        deadline = time.monotonic() + kills * SECONDS_PER_KILL
        while self.done.kills < kills and time.monotonic() < deadline:
            await asyncio.sleep(self._chance.uniform(0.0, 1.0))
            match self._chance.choices(("kill", "pause", "cut", "evict"), (40, 10, 30, 20))[0]:
                case "kill":
                    await self._kill()
                case "pause":
                    await self._pause()
                case "cut":
                    self._cut()
                case _:
                    await self._evict()

    async def _kill(self) -> None:
        self._runs_at_kill = self._room.started_runs()
        await asyncio.to_thread(self._room.stack.kill_runtime)
        self.done.kills += 1

    async def _pause(self) -> None:
        pid = self._room.stack.runtime_pid
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(self._chance.uniform(0.1, 2.0))
            finally:
                os.kill(pid, signal.SIGCONT)
            self.done.pauses += 1

    def _cut(self) -> None:
        chosen = self._chance.sample(list(self._clients), self._chance.randint(1, 4))
        self.done.cuts += sum(client.cut() for client in chosen)

    async def _evict(self) -> None:
        """Only an object that has driven no run: another one is kept in memory, and an eviction would wait for it."""
        async with self._gate.shut():
            if self._room.started_runs() != self._runs_at_kill:
                return
            # Refused when it is asleep already.
            with suppress(StackError):
                await asyncio.to_thread(self._room.stack.evict, CONTROLLER, self._room.group_id)
                self.done.evictions += 1
