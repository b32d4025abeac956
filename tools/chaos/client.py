"""A person who takes part: connects, sends over any way there is, and comes back.

Law: every attempt is written down before it is made. What to do next is for `people` to say.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from tools.chaos.gate import Gate
from tools.chaos.history import SendAcked, SendInvoked, SendRefused, SendUnknown
from tools.chaos.recorder import Recorder
from tools.chaos.town import Person, Room
from tools.chaos.wire import Lost, Mind, Wire

OPEN_WITHIN_S: Final = 10.0
FRAME_LIMIT_BYTES: Final = 16 * 1024 * 1024
_CREATED: Final = 201

Outcome = SendAcked | SendRefused | SendUnknown
_UNREACHABLE: Final = (OSError, TimeoutError, EOFError, InvalidHandshake, httpx.TransportError, httpx.HTTPStatusError)


class Client:
    def __init__(self, person: Person, room: Room, recorder: Recorder, http: httpx.AsyncClient, gate: Gate) -> None:
        self.person = person
        self.mind = Mind()
        self.wire: Wire | None = None
        self._room = room
        self._recorder = recorder
        self._http = http
        self._gate = gate

    @property
    def is_connected(self) -> bool:
        return self.wire is not None and self.wire.is_open

    async def join(self, since: int | None) -> bool:
        """Tries once to have a wire. Says whether there is one."""
        try:
            async with self._gate.passing():
                self.wire = await self._open(self.mind, since)
        except Lost:
            self.wire = None
        return self.wire is not None

    async def leave(self) -> None:
        if self.wire is not None:
            await self.wire.leave()
            self.wire = None

    def cut(self) -> bool:
        if self.wire is None or not self.wire.is_open:
            return False
        self.wire.cut()
        return True

    @asynccontextmanager
    async def second_wire(self) -> AsyncIterator[Wire]:
        """Another device of the same person. Raises Lost."""
        async with self._gate.passing():
            wire = await self._open(Mind(), None)
        try:
            yield wire
        finally:
            await wire.leave()

    async def send(self, message_id: str, text: str, wire: Wire | None) -> Outcome:
        """Over this wire; over HTTP without one."""
        async with self._gate.passing():
            return await self._send(message_id, text, wire)

    async def _send(self, message_id: str, text: str, wire: Wire | None) -> Outcome:
        connection = wire.connection if wire else None
        op = self._recorder.new_op()
        invoked = SendInvoked(op, self.person.name, self.person.id, connection, message_id, text)
        if wire is not None:
            return await wire.send(invoked)
        self._recorder.note(invoked)
        outcome = await self._post(invoked)
        self._recorder.note(outcome)
        return outcome

    async def _post(self, invoked: SendInvoked) -> Outcome:
        body = {"client_msg_id": invoked.client_msg_id, "text": invoked.text}
        try:
            response = await self._http.post(f"{self._room.url}/messages", json=body, headers=self.person.headers)
            answer = _answer(response)
        except httpx.TransportError as exc:
            return SendUnknown(invoked.op, type(exc).__name__)
        if response.status_code == _CREATED:
            return SendAcked(invoked.op, answer["seq"], answer["duplicate"])
        if response.is_client_error:
            return SendRefused(invoked.op, str(answer.get("code", response.status_code)))
        return SendUnknown(invoked.op, str(response.status_code))

    async def _open(self, mind: Mind, since: int | None) -> Wire:
        try:
            asked = await self._http.post(f"{self._room.url}/token", headers=self.person.headers)
            token = asked.raise_for_status().json()["routing_token"]
            socket = await connect(
                self._room.address,
                subprotocols=[Subprotocol("groupchat.v1"), Subprotocol(f"groupchat.bearer.{token}")],
                open_timeout=OPEN_WITHIN_S,
                close_timeout=1,
                ping_interval=None,
                max_size=FRAME_LIMIT_BYTES,
                compression=None,
            )
        except _UNREACHABLE as exc:
            raise Lost(type(exc).__name__) from exc
        wire = Wire(socket, self._recorder, self.person.name, mind)
        try:
            await wire.hello(since, mind.runs if since is not None else {})
        except (Lost, asyncio.CancelledError):
            await wire.leave()
            raise
        return wire


def _answer(response: httpx.Response) -> dict[str, Any]:
    try:
        return dict(response.json())
    except ValueError:
        return {}
