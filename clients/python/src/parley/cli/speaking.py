"""`send` and `tail`: one message in, many events out."""

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from parley.cli.failures import TRY_AGAIN, CommandFailed
from parley.cli.groups import group_id_of
from parley.cli.output import note, put, put_json, watched
from parley.cli.sentences import line, line_of
from parley.client import Parley
from parley.errors import Closed, ParleyError
from parley.events import Event, Item, Reset, RunDelta
from parley.group import Group, new_message_id
from parley.reconnect import Backoff, is_temporary
from parley.replies import Sent

ARCHIVED: Final = 4504
_TRIES: Final = 6
_MS: Final = 1000


async def send(client: Parley, word: str, text: str, *, message_id: str | None, reply_to: int | None) -> Sent:
    """Tries again under one id while the server is merely away. Raises CommandFailed, ParleyError."""
    client_msg_id = message_id or new_message_id()
    backoff = Backoff(random.random)
    for _ in range(_TRIES):
        try:
            group_id = await group_id_of(client, word)
            return await client.send(group_id, text, client_msg_id=client_msg_id, reply_to=reply_to)
        except ParleyError as failure:
            if not is_temporary(failure):
                raise
            await asyncio.sleep(max(backoff.next_s(), (failure.retry_after_ms or 0) / _MS))
    raise CommandFailed(
        f"The server is away, and the message may be stored or not; the same command with --id {client_msg_id} "
        "says it once for sure.",
        TRY_AGAIN,
    )


@dataclass(frozen=True)
class Tail:
    """`since`: from after this seq rather than from now. `count`: so many events, then done."""

    since: int | None = None
    count: int | None = None
    deltas: bool = False
    as_json: bool = False

    async def follow(self, room: Group) -> None:
        """Until the group is archived or `count` is reached. Raises Closed for any other end."""
        left = self.count
        try:
            async with room:
                async for item in room:
                    self._show(item, room)
                    if left is not None and isinstance(item, Event):
                        left -= 1
                        if left <= 0:
                            return
        except Closed as closed:
            if closed.close_code != ARCHIVED:
                raise
            note("The group is archived.")

    def _show(self, item: Item, room: Group) -> None:
        match item:
            case Event() if self.as_json or not watched():
                put_json(item)
            case Event():
                words = line_of(item, room.agents)
                if words is not None:
                    put(words)
            case RunDelta() if self.deltas:
                put_json({"type": "run.delta", "run_id": item.run_id, "offset": item.offset, "text": item.text})
            case Reset(snapshot):
                if self.since is not None:
                    note(f"Not all since #{self.since} can be given any more; this goes on after #{snapshot.seq}.")
                if watched() and not self.as_json:
                    for message in snapshot.messages[-10:]:
                        put(line(message.actor.name, message.text, message.seq))
            case _:
                pass
