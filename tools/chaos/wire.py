"""One socket of a client, from its hello to its end, with everything that came over it written down.

Law: decides nothing and repairs nothing. What it could not hear it does not know.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tools.chaos.frames import pieces
from tools.chaos.history import (
    DeltaSeen,
    Disconnected,
    EventSeen,
    HelloAnswered,
    HelloSaid,
    SendAcked,
    SendInvoked,
    SendRefused,
    SendUnknown,
)
from tools.chaos.recorder import Recorder

_HELLO_ID: Final = 0
ANSWER_WITHIN_S: Final = 10.0


@dataclass
class Mind:
    """What a client knows of the group, over all its connections."""

    position: int = 0
    epoch: str | None = None
    runs: dict[str, int] = field(default_factory=dict)


class Lost(Exception):
    """The socket ended before the answer."""


class Wire:
    def __init__(self, socket: ClientConnection, recorder: Recorder, client: str, mind: Mind) -> None:
        self.connection = recorder.new_connection()
        self.mind = mind
        self._socket = socket
        self._recorder = recorder
        self._client = client
        self._waiting: dict[int, asyncio.Future[SendAcked | SendRefused | None]] = {}
        self._welcomed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._listening = asyncio.create_task(self._listen())

    @property
    def is_open(self) -> bool:
        return not self._listening.done()

    # ── saying ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def hello(self, since: int | None, runs: Mapping[str, int]) -> None:
        """Raises Lost when no answer comes."""
        epoch = self.mind.epoch if since is not None else None
        self._recorder.note(HelloSaid(self.connection, self._client, since, epoch, tuple(runs.items())))
        body = {"since": since, "epoch": epoch, "runs": dict(runs)}
        command = {"id": _HELLO_ID, "hello": {name: value for name, value in body.items() if value is not None}}
        try:
            await self._socket.send(json.dumps(command))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                welcomed = await asyncio.shield(self._welcomed)
        except (ConnectionClosed, TimeoutError) as exc:
            raise Lost(str(exc)) from exc
        if not welcomed:
            raise Lost

    async def send(self, invoked: SendInvoked) -> SendAcked | SendRefused | SendUnknown:
        """What became of it; written down when it is known."""
        self._recorder.note(invoked)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                outcome = await self._ask(invoked)
        except (ConnectionClosed, TimeoutError):
            outcome = None
        if outcome is not None:
            return outcome
        unknown = SendUnknown(invoked.op, "the socket ended" if not self.is_open else "no answer")
        self._recorder.note(unknown)
        return unknown

    async def _ask(self, invoked: SendInvoked) -> SendAcked | SendRefused | None:
        """None when the socket ends before the answer."""
        answer: asyncio.Future[SendAcked | SendRefused | None] = asyncio.get_running_loop().create_future()
        self._waiting[invoked.op] = answer
        try:
            body = {"client_msg_id": invoked.client_msg_id, "text": invoked.text}
            await self._socket.send(json.dumps({"id": invoked.op, "send": body}))
            return await answer
        finally:
            del self._waiting[invoked.op]

    async def leave(self) -> None:
        await self._socket.close()
        await self._listening

    def cut(self) -> None:
        """Ends the TCP connection without a word."""
        self._socket.transport.abort()

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> None:
        try:
            with suppress(ConnectionClosed):
                async for frame in self._socket:
                    for text, value in pieces(str(frame)):
                        self._heard(text, value)
        finally:
            self._recorder.note(Disconnected(self.connection, f"{self._socket.close_code}"))
            self._end()

    def _end(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)
        if not self._welcomed.done():
            self._welcomed.set_result(False)

    def _heard(self, text: str, value: dict[str, Any]) -> None:
        if "id" in value:
            self._answered(value["id"], value)
        elif "seq" in value:
            self._recorder.note(EventSeen(self.connection, value["seq"], text))
            self.mind.position = max(self.mind.position, value["seq"])
            if value["type"] == "run.finished":
                self.mind.runs.pop(value["run_id"], None)
        elif value["type"] == "run.delta":
            run_id, offset, said = value["run_id"], value["offset"], value["text"]
            self._recorder.note(DeltaSeen(self.connection, run_id, offset, said))
            self.mind.runs[run_id] = offset + len(said)

    def _answered(self, frame_id: int, reply: dict[str, Any]) -> None:
        if frame_id == _HELLO_ID:
            self._welcome(reply)
            return
        waiting = self._waiting.get(frame_id)
        if waiting is None or waiting.done():
            return
        outcome = outcome_of(frame_id, reply)
        self._recorder.note(outcome)
        waiting.set_result(outcome)

    def _welcome(self, reply: dict[str, Any]) -> None:
        if "ok" not in reply:
            self._welcomed.set_result(False)
            return
        ok = reply["ok"]
        runs = tuple((run["run_id"], run["length"]) for run in ok["runs"])
        snapshot = ok.get("snapshot")
        snapshot_seq = snapshot["seq"] if snapshot else None
        self._recorder.note(
            HelloAnswered(self.connection, ok["epoch"], ok["head"], ok["recovered"], snapshot_seq, runs)
        )
        self.mind.epoch = ok["epoch"]
        under_way = {run_id for run_id, _ in runs}
        self.mind.runs = {run_id: known for run_id, known in self.mind.runs.items() if run_id in under_way}
        if snapshot_seq is not None:
            self.mind.position = max(self.mind.position, snapshot_seq)
        self._welcomed.set_result(True)


def outcome_of(op: int, reply: Mapping[str, Any]) -> SendAcked | SendRefused:
    if "ok" in reply:
        return SendAcked(op, reply["ok"]["seq"], reply["ok"]["duplicate"])
    return SendRefused(op, reply["error"]["code"])
