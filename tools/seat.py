"""One person in the demo: their client, their room, and everything the room told them.

Law: listens and remembers; what should have been heard is the demo's to say.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from parley import Event, Group, Parley, ParleyError, Reset, RunDelta
from parley.group import DEFAULT_EDGE
from parley.websocket import Socket, open_socket
from tools.stage import NotAsPromised

_PATIENCE_S: Final = 30


class Tunnel:
    """A network that can be cut, and stays away until it is said to be back."""

    def __init__(self) -> None:
        self._sockets: list[Socket] = []
        self._passable = asyncio.Event()
        self._passable.set()

    async def connect(self, address: str, subprotocols: Sequence[str]) -> Socket:
        self._sockets.append(await open_socket(address, subprotocols))
        return self._sockets[-1]

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._passable.wait()

    def cut(self) -> None:
        """Ends the TCP connection without a WebSocket close."""
        self._passable.clear()
        self._sockets[-1].abort()

    def end(self) -> None:
        self._passable.set()


class Seat:
    """A person in the room. `events` are all durable events they were shown, from the group's first on."""

    def __init__(self, name: str, client: Parley, room: Group, tunnel: Tunnel) -> None:
        self.name = name
        self.client = client
        self.room = room
        self.tunnel = tunnel
        self.events: list[Event] = []
        self.deltas: list[RunDelta] = []
        self.resets = 0
        self.ended: ParleyError | None = None
        self._changed = asyncio.Condition()

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Waits until what was heard makes `condition` true. Raises NotAsPromised, naming `what` never came."""
        try:
            async with asyncio.timeout(_PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: bool(condition()))
        except TimeoutError as exc:
            raise NotAsPromised(
                f"{self.name} waited {_PATIENCE_S} s for {what} in vain; {self._whereabouts()}"
            ) from exc

    def _whereabouts(self) -> str:
        return f"the last event was #{self.room.position}, the room {self.ended or 'is open'}"

    async def heard(self, seq: int) -> None:
        await self.until(lambda: bool(self.events) and self.events[-1].seq >= seq, f"#{seq}")

    async def listen(self) -> None:
        try:
            async for item in self.room:
                match item:
                    case Event():
                        self.events.append(item)
                    case RunDelta():
                        self.deltas.append(item)
                    case Reset():
                        self.resets += 1
                    case _:
                        pass
                await self._wake()
        except ParleyError as ended:
            self.ended = ended
            await self._wake()

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def seated(name: str, base_url: str, token: str, group_id: str) -> AsyncIterator[Seat]:
    """Somebody who joins the group's room and listens until the block ends."""
    tunnel = Tunnel()
    edge = replace(DEFAULT_EDGE, connect=tunnel.connect, sleep=tunnel.sleep)
    async with (
        Parley(base_url, token, edge=edge) as client,
        client.join(group_id, since=0, token_in_query=True) as room,
    ):
        seat = Seat(name, client, room, tunnel)
        listening = asyncio.create_task(seat.listen())
        try:
            yield seat
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
