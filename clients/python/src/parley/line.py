"""Keeps a conversation connected: opens sockets, runs effects, comes back.

Law: no rule of the protocol is here; `Conversation` decides, this obeys. One task receives; whoever calls `ask` waits.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from parley.conversation import Answer, Command, Conversation, Effect, Emit, Leave, Transmit
from parley.errors import Closed, CommandRefused, ParleyError
from parley.inbox import Inbox
from parley.reconnect import LONGEST_DELAY_S, RATE_LIMITED, Backoff, is_final, is_temporary
from parley.websocket import Connect, Lost, Socket

SUBPROTOCOL: Final = "groupchat.v1"
BEARER_PREFIX: Final = "groupchat.bearer."
_LEFT_CODE: Final = 1000


@dataclass(frozen=True)
class Route:
    """Where the group's socket is, and how to get a token for it."""

    address: str
    token: Callable[[], Awaitable[str]]
    token_in_query: bool

    async def open(self, connect: Connect) -> Socket:
        token = await self.token()
        if self.token_in_query:
            return await connect(f"{self.address}?token={token}", [SUBPROTOCOL])
        return await connect(self.address, [SUBPROTOCOL, BEARER_PREFIX + token])


@dataclass(frozen=True)
class Edge:
    """The world: sockets, time and chance."""

    connect: Connect
    random: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock_s: Callable[[], float] = monotonic
    ping_after_s: float = 20.0
    pong_within_s: float = 10.0


class Line:
    def __init__(self, conversation: Conversation, route: Route, edge: Edge, inbox: Inbox | None) -> None:
        self._conversation = conversation
        self._route = route
        self._edge = edge
        self._inbox = inbox
        self._backoff = Backoff(edge.random)
        self._socket: Socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._changed = asyncio.Event()
        self.end: Exception | None = None

    # ── for callers ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self) -> None:
        """Returns once the room is joined, however long that takes. Raises ParleyError when it will never be."""
        self._task = asyncio.create_task(self._stay())
        try:
            await self.until(lambda: self._conversation.roster is not None)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._finish(StopAsyncIteration())

    async def ask(self, command: Command) -> Mapping[str, Any]:
        """The server's answer, over as many connections as it takes. Raises CommandRefused, Closed."""
        self._check_open()
        frame_id, effects = self._conversation.submit(command)
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[frame_id] = answer
        try:
            await self._run(effects)
            return await answer
        finally:
            self._conversation.forget(frame_id)
            self._waiting.pop(frame_id, None)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until something that was received makes `condition` true. Raises what ended the room."""
        while not condition():
            self._check_open()
            await self._changed.wait()

    def _check_open(self) -> None:
        if self.end is not None:
            raise _left() if isinstance(self.end, StopAsyncIteration) else self.end

    # ── the task ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _stay(self) -> None:
        try:
            while True:
                await self._edge.sleep(await self._one_connection())
                self._conversation.counters.reconnects += 1
        except Exception as exc:  # noqa: BLE001 -- whatever it was, those who wait for the room must learn it
            self._finish(exc)

    async def _one_connection(self) -> float:
        """Connects, and stays until that ends. Returns the seconds to wait. Raises ParleyError when it is over."""
        opened_s, position = self._edge.clock_s(), self._conversation.position
        try:
            leave = await self._talk()
        except ParleyError as exc:
            if not is_temporary(exc):
                raise
            return max(self._backoff.next_s(), (exc.retry_after_ms or 0) / 1000)
        finally:
            await self._run(self._conversation.disconnected())
        if not leave.reconnect:
            raise Closed(leave.code, leave.reason)
        if self._conversation.position != position or self._edge.clock_s() - opened_s > LONGEST_DELAY_S:
            self._backoff.reset()
        return max(self._backoff.next_s(), leave.retry_after_ms / 1000)

    async def _talk(self) -> Leave:
        socket = self._socket = await self._route.open(self._edge.connect)
        try:
            await socket.send(self._conversation.connected())
            while True:
                leave = await self._run(self._conversation.receive(await self._next_frame(socket)))
                if leave is not None:
                    return leave
        except Lost as lost:
            retry_after_ms = self._conversation.retry_after_ms if lost.code == RATE_LIMITED else 0
            return Leave(lost.code, lost.reason, not is_final(lost.code), retry_after_ms)
        finally:
            self._socket = None
            await socket.close()

    async def _next_frame(self, socket: Socket) -> str:
        """The next frame that says something. Raises Lost, also when the other side has fallen silent."""
        within_s, asked = self._edge.ping_after_s, False
        while True:
            try:
                async with asyncio.timeout(within_s):
                    text = await socket.receive()
            except TimeoutError as exc:
                if asked:
                    socket.abort()
                    raise Lost(1006, "silent") from exc
                await socket.send("ping")
                within_s, asked = self._edge.pong_within_s, True
                continue
            if text != "pong":
                return text
            within_s, asked = self._edge.ping_after_s, False

    # ── effects ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _run(self, effects: list[Effect]) -> Leave | None:
        """Runs `effects` in their order. A `Leave` is the last of them and is handed back."""
        leave: Leave | None = None
        for effect in effects:
            match effect:
                case Emit(item):
                    if self._inbox is not None:
                        await self._inbox.put(item)
                case Answer(frame_id, answer):
                    self._answer(frame_id, answer)
                case Transmit(text):
                    await self._transmit(text)
                case Leave():
                    leave = effect
        self._pulse()
        return leave

    def _answer(self, frame_id: int, answer: Mapping[str, Any] | CommandRefused) -> None:
        waiting = self._waiting.get(frame_id)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, CommandRefused):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    async def _transmit(self, text: str) -> None:
        try:
            if self._socket is not None:
                await self._socket.send(text)
        except Lost:
            return  # the receiving task sees it too, and what was not answered is repeated

    def _pulse(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _finish(self, how: Exception) -> None:
        if self.end is not None:
            return
        self.end = how
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(_left() if isinstance(how, StopAsyncIteration) else how)
        if self._inbox is not None:
            self._inbox.end(how)
        self._pulse()


def _left() -> Closed:
    return Closed(_LEFT_CODE, "this side left")
