"""A group, as a program takes part in it.

Law: words and types for callers. What the protocol demands is `conversation`'s, what the network does is `line`'s.
"""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from typing import Any, Self

from parley.conversation import Command, Conversation, Counters
from parley.decode import decode
from parley.echoes import Echo
from parley.errors import CommandRefused, ParleyError, StreamGap
from parley.events import (
    Agent,
    ApprovalRequested,
    Event,
    Item,
    Member,
    Mention,
    MessageCreated,
    MessageState,
    Reset,
    TurnSettings,
)
from parley.inbox import Inbox
from parley.line import Edge, Line, Route
from parley.replies import Page, Roll, Sent, page_of
from parley.rest import Rest
from parley.roster import Roster
from parley.runs import Run
from parley.websocket import open_socket

_MS = 1000
_AGAIN_AFTER_MS = 1000
DEFAULT_EDGE = Edge(connect=open_socket, random=random.random)


def new_message_id() -> str:
    return uuid.uuid4().hex


class Group:
    """`async with Group(…) as room` joins and stays, over any number of reconnects, until the block ends.

    `token` is a person's bearer, or a function that gives a fresh routing token each time. `since` and `epoch` are
    those of the last event already seen; without them the room starts from now, with a `Reset`. Iterate the room: when
    `buffered_items` wait unread, it stops receiving until they are read. A program that only speaks says
    `listen=False`.
    """

    def __init__(
        self,
        base_url: str,
        group_id: str,
        *,
        token: str | Callable[[], Awaitable[str]],
        since: int | None = None,
        epoch: str | None = None,
        token_in_query: bool = False,
        listen: bool = True,
        buffered_items: int = 10_000,
        edge: Edge = DEFAULT_EDGE,
        make_id: Callable[[], str] = new_message_id,
    ) -> None:
        self.group_id = group_id
        self._make_id = make_id
        self._edge = edge
        self._speaking: set[asyncio.Task[Sent]] = set()
        self._open = AsyncExitStack()
        self._own_rest: Rest | None = None
        if isinstance(token, str):
            self._own_rest = Rest(base_url, token)
            token = partial(self._own_rest.routing_token, group_id)
        address = "ws" + base_url.rstrip("/").removeprefix("http") + f"/groups/{group_id}/ws"
        self._inbox = Inbox(buffered_items) if listen else None
        self._conversation = Conversation(since=since, epoch=epoch)
        self._line = Line(self._conversation, Route(address, token, token_in_query), edge, self._inbox)

    async def __aenter__(self) -> Self:
        """Raises ParleyError when this person may not join; waits while the server is merely away."""
        async with AsyncExitStack() as opening:
            if self._own_rest is not None:
                await opening.enter_async_context(self._own_rest)
            await self._line.open()
            opening.push_async_callback(self._line.close)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._speaking:
            task.cancel()
        await asyncio.gather(*self._speaking, return_exceptions=True)
        await self._open.aclose()

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────────

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        """The next item. Raises Closed when the server ended the room, StopAsyncIteration when this side left it."""
        if self._inbox is None:
            raise RuntimeError("this room was joined with listen=False")
        return await self._inbox.get()

    async def messages(self) -> AsyncIterator[MessageState]:
        """What is said from now on, as it was said; raises as iterating the room does, and takes its items.

        Of a `Reset` it gives what is newer than all before; edits, reactions and the rest are in the room alone.
        """
        seen: int | None = self._conversation.position
        async for item in self:
            match item:
                case Event(seq=seq, data=data):
                    seen = seq
                    if isinstance(data, MessageCreated):
                        yield MessageState(seq, item.ts, item.actor, data.text, data.reply_to, item.run_id)
                case Reset(snapshot):
                    for message in snapshot.messages:
                        if seen is not None and message.seq > seen:
                            yield message
                    seen = snapshot.seq
                case _:
                    pass

    def run(self, run_id: str) -> Run:
        """A run as far as it is known. Raises ParleyError `not_found`."""
        run = self._conversation.runs.get(run_id)
        if run is None:
            raise ParleyError("not_found", None, f"{run_id} is not a run of this room, or ended long ago")
        return run

    @property
    def active_runs(self) -> tuple[Run, ...]:
        """The runs that are under way."""
        return self._conversation.runs.active()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until what the room tells makes `condition` true. Raises Closed when the room ends before."""
        await self._line.until(condition)

    async def stream(self, run_id: str) -> AsyncIterator[str]:
        """The text of a run from its start, piece by piece; joined, the pieces are the final message.

        Raises StreamGap when a part was missed for good, Closed when the room ends before the run.
        """
        known = 0
        while True:
            run = self.run(run_id)
            if len(run.text) > known:
                piece, known = run.text[known:], len(run.text)
                yield piece
            elif run.outcome is None:
                await self._line.until(partial(self._moved, run))
            elif run.whole:
                return
            else:
                raise StreamGap(run_id)

    def _moved(self, run: Run) -> bool:
        return self.run(run.run_id) != run

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def send(
        self,
        text: str,
        *,
        mentions: Sequence[Member | Agent | Mention] = (),
        reply_to: int | None = None,
        client_msg_id: str | None = None,
    ) -> Sent:
        """Returns once the message is stored. Said again with the same `client_msg_id`, it is stored once.

        Until its event arrives it is in `echoes`. When the group asks to come back later, so does this, until it is
        cancelled. Raises CommandRefused, Closed. Cancelled, the message may or may not have been stored.
        """
        return await self._speak(self._said(text, mentions, reply_to, client_msg_id))

    def say(
        self,
        text: str,
        *,
        mentions: Sequence[Member | Agent | Mention] = (),
        reply_to: int | None = None,
        client_msg_id: str | None = None,
    ) -> "asyncio.Task[Sent]":
        """`send` without waiting: it is in `echoes` at once. Who does not await the task finds a refusal there, too."""
        task = asyncio.create_task(self._speak(self._said(text, mentions, reply_to, client_msg_id)))
        self._speaking.add(task)
        task.add_done_callback(self._spoken)
        return task

    def _said(
        self, text: str, mentions: Sequence[Member | Agent | Mention], reply_to: int | None, client_msg_id: str | None
    ) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "client_msg_id": client_msg_id or self._make_id(),
            "text": text,
            "mentions": [asdict(_mention(who)) for who in mentions],
        }
        if reply_to is not None:
            body["reply_to"] = reply_to
        self._conversation.echoes.said(Echo(body["client_msg_id"], text, reply_to))
        return body

    async def _speak(self, body: Mapping[str, Any]) -> Sent:
        echoes, name = self._conversation.echoes, body["client_msg_id"]
        try:
            sent = await self._deliver(body)
        except ParleyError as refusal:
            echoes.refused(name, refusal)
            raise
        except asyncio.CancelledError:
            echoes.forget(name)
            raise
        echoes.stored(name, sent.seq, self.position)
        return sent

    async def _deliver(self, body: Mapping[str, Any]) -> Sent:
        while True:
            try:
                return decode(Sent, await self._ask("send", body))
            except CommandRefused as refusal:
                if not refusal.temporary:
                    raise
                await self._edge.sleep((refusal.retry_after_ms or _AGAIN_AFTER_MS) / _MS)

    def _spoken(self, task: "asyncio.Task[Sent]") -> None:
        self._speaking.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain of a refusal that `echoes` shows

    def forget(self, client_msg_id: str) -> None:
        """Takes a message that was refused out of `echoes`."""
        self._conversation.echoes.forget(client_msg_id)

    async def edit(self, seq: int, text: str) -> None:
        await self._ask("edit", {"seq": seq, "text": text})

    async def delete(self, seq: int) -> None:
        await self._ask("delete", {"seq": seq})

    async def react(self, seq: int, emoji: str, *, on: bool = True) -> None:
        await self._ask("react", {"seq": seq, "emoji": emoji, "on": on})

    async def read(self, seq: int) -> None:
        """This person has read up to `seq`."""
        await self._ask("read", {"seq": seq})

    async def typing(self, *, on: bool = True) -> None:
        """Forgotten, not repeated, when the connection is away just now."""
        await self._line.ask(Command("typing", {"on": on}, fleeting=True))

    async def cancel_run(self, run_id: str) -> None:
        await self._ask("runs.cancel", {"run_id": run_id})

    async def cancel_runs_of(self, client_msg_id: str) -> None:
        """All runs that one of this person's messages has started."""
        await self._ask("runs.cancel", {"client_msg_id": client_msg_id})

    async def approve(self, approval_id: str, *, approved: bool = True, reason: str | None = None) -> None:
        """A word on what an agent in `approvals` asks for. Raises CommandRefused when this person was not asked."""
        body = {"approval_id": approval_id, "approved": approved, "reason": reason}
        await self._ask("approve", {name: value for name, value in body.items() if value is not None})

    async def history(self, *, before: int | None = None, after: int | None = None, limit: int = 50) -> Page:
        """The `limit` events before or after a seq, oldest first; without either, the newest."""
        ends = {"before": before, "after": after, "limit": limit}
        return page_of(await self._ask("history", {name: value for name, value in ends.items() if value is not None}))

    async def roll_call(self) -> Roll:
        """Asks the server who is here; `members`, `agents` and `online` are what this side knows already."""
        return decode(Roll, await self._ask("members", {}))

    async def _ask(self, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._line.ask(Command(name, body))

    # ── who is here ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _roster(self) -> Roster:
        if self._conversation.roster is None:
            raise RuntimeError("the room has not been joined yet")
        return self._conversation.roster

    @property
    def you(self) -> Member:
        return self._roster.you

    @property
    def title(self) -> str:
        return self._roster.title

    @property
    def members(self) -> Mapping[str, Member]:
        return self._roster.members

    @property
    def agents(self) -> Mapping[str, Agent]:
        return self._roster.agents

    @property
    def online(self) -> frozenset[str]:
        return self._roster.online

    @property
    def reads(self) -> Mapping[str, int]:
        return self._roster.reads

    @property
    def approvals(self) -> Mapping[str, ApprovalRequested]:
        """What agents want to do and wait for a word on, by approval id."""
        return self._roster.approvals

    @property
    def turns(self) -> TurnSettings:
        return self._roster.turns

    # ── how far it is ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def echoes(self) -> tuple[Echo, ...]:
        """What was said here and the log has not shown yet, in that order."""
        return tuple(self._conversation.echoes)

    @property
    def connected(self) -> bool:
        """Whether the room is there just now; otherwise it is being looked for, or has ended."""
        return self._conversation.live

    @property
    def position(self) -> int:
        """The seq of the last event received; with `epoch`, where a later `Group` goes on from."""
        return self._conversation.position or 0

    @property
    def epoch(self) -> str:
        return self._conversation.epoch or ""

    @property
    def counters(self) -> Counters:
        return self._conversation.counters


def _mention(who: Member | Agent | Mention) -> Mention:
    match who:
        case Member(id=user_id):
            return Mention(user_id, "user")
        case Agent(id=agent_id):
            return Mention(agent_id, "agent")
        case Mention():
            return who
