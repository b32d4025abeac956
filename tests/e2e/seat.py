"""A raw socket in a group: sees every frame, knows nothing better."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.e2e.deployment import Team

PATIENCE_S = 60
"""On a machine that is busy with other things, too."""
Frame = dict[str, Any]


class Seat:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.hello: Frame = {}
        self.closed: tuple[int, str] | None = None
        self.pongs = 0
        self._last_id = 0
        self._said = 0
        self._last_seq = 0
        self._changed = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    # ── saying ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def command(self, name: str, **body: object) -> Frame:
        """Sends a command and gives its reply."""
        self._last_id += 1
        frame_id = self._last_id
        await self.socket.send(json.dumps({"id": frame_id, name: body}))
        return (await self.until(lambda: self._reply(frame_id), f"a reply to {name}"))[0]

    async def ok(self, name: str, **body: object) -> Frame:
        reply = await self.command(name, **body)
        assert "ok" in reply, reply
        return dict(reply["ok"])

    async def refused(self, name: str, **body: object) -> str:
        """The code of the error that a command is answered with."""
        reply = await self.command(name, **body)
        assert "error" in reply, reply
        return str(reply["error"]["code"])

    async def say(self, text: str, client_msg_id: str | None = None, **more: object) -> int:
        self._said += 1
        message_id = client_msg_id or f"m{id(self)}-{self._said}"
        return int((await self.ok("send", client_msg_id=message_id, text=text, **more))["seq"])

    async def leave(self) -> None:
        await self.socket.close()
        await self._reader

    def cut(self) -> None:
        """Ends the TCP connection without a word."""
        self.socket.transport.abort()

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def events(self) -> list[Frame]:
        return [frame for frame in self.frames if "seq" in frame]

    def of_type(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("type") == kind]

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.events]

    async def until(self, found: Callable[[], list[Frame]], what: str) -> list[Frame]:
        """What `found` gives once it gives something."""
        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: found() or self.closed), PATIENCE_S)
            except TimeoutError:
                raise AssertionError(f"never came: {what}; {_shortly(self.frames)}") from None
        assert found(), f"closed with {self.closed} before {what}; {_shortly(self.frames)}"
        return found()

    async def until_seq(self, seq: int) -> None:
        await self.until(lambda: [{"seq": seq}] if self._last_seq >= seq else [], f"seq {seq}")

    async def until_type(self, kind: str, count: int = 1) -> list[Frame]:
        return await self.until(lambda: f if len(f := self.of_type(kind)) >= count else [], f"{count} × {kind}")

    async def until_closed(self) -> tuple[int, str]:
        await asyncio.wait_for(asyncio.shield(self._reader), PATIENCE_S)
        assert self.closed is not None
        return self.closed

    def _reply(self, frame_id: int) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("id") == frame_id]

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                if text == "pong":
                    self.pongs += 1
                    continue
                value = json.loads(text)
                async with self._changed:
                    news = value if isinstance(value, list) else [value]
                    self.frames += news
                    self._last_seq = max([self._last_seq, *(frame.get("seq", 0) for frame in news)])
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        async with self._changed:
            self.closed = (self.socket.close_code or 1006, self.socket.close_reason or "")
            self._changed.notify_all()


def _shortly(frames: list[Frame]) -> str:
    return "the last frames were " + "\n".join(str(frame)[:300] for frame in frames[-5:])


class Sit(Protocol):
    async def __call__(self, name: str, group_id: str, **hello: object) -> Seat: ...


def socket_url(team: Team, group_id: str, worker: str = "app") -> str:
    return team.deployment.origin(worker).replace("http", "ws", 1) + f"/groups/{group_id}/ws"


def routing_token(team: Team, name: str, group_id: str) -> str:
    return str(team.post(name, f"/groups/{group_id}/token")["routing_token"])


@asynccontextmanager
async def take_seat(team: Team, name: str, group_id: str, **hello: object) -> AsyncIterator[Seat]:
    """Connects with the token as a subprotocol and says hello."""
    token = await asyncio.to_thread(routing_token, team, name, group_id)
    offered = [Subprotocol("groupchat.v1"), Subprotocol(f"groupchat.bearer.{token}")]
    async with connect(socket_url(team, group_id), subprotocols=offered, ping_interval=None) as socket:
        seat = Seat(socket)
        seat.hello = await seat.ok("hello", **hello)
        try:
            yield seat
        finally:
            with suppress(ConnectionClosed):
                await seat.leave()
