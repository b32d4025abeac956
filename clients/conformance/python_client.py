"""The Python library as the suite's client: `python python_client.py`, with `parley` importable."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from parley import (
    Closed,
    CommandRefused,
    Event,
    Group,
    MessageCreated,
    ParleyError,
    Reset,
    RunDelta,
    TypingNow,
)


def say(**seen: object) -> None:
    sys.stdout.write(json.dumps(seen) + "\n")
    sys.stdout.flush()


async def main() -> None:
    orders: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    reading = asyncio.create_task(asyncio.to_thread(read_orders, asyncio.get_running_loop(), orders))
    while (order := await orders.get()) != {"end": True}:
        if "join" in order:
            await stay(order["join"], orders)
    await reading


def read_orders(loop: asyncio.AbstractEventLoop, orders: "asyncio.Queue[Mapping[str, Any]]") -> None:
    for line in sys.stdin:
        loop.call_soon_threadsafe(orders.put_nowait, json.loads(line))
    loop.call_soon_threadsafe(orders.put_nowait, {"end": True})


async def stay(where: Mapping[str, Any], orders: "asyncio.Queue[Mapping[str, Any]]") -> None:
    room = Group(where["base_url"], where["group_id"], token=where["token"])
    watching = asyncio.create_task(watch(room))
    acting: set[asyncio.Task[None]] = set()
    while "leave" not in (order := await orders.get()):
        acting.add(asyncio.create_task(act(room, order)))
    for task in (watching, *acting):
        task.cancel()
    await asyncio.gather(watching, *acting, return_exceptions=True)
    say(left=True)


async def watch(room: Group) -> None:
    try:
        async with room:
            async for item in room:
                report(item)
    except Closed as closed:
        say(ended={"code": closed.close_code, "reason": closed.reason})
    except ParleyError as refused:
        say(ended={"reason": refused.code})


def report(item: object) -> None:
    match item:
        case Event(seq=seq, type=kind, data=MessageCreated(text=text)):
            say(event=seq, type=kind, text=text)
        case Event(seq=seq, type=kind):
            say(event=seq, type=kind)
        case RunDelta(run_id, _, offset, text):
            say(delta=run_id, offset=offset, text=text)
        case TypingNow(user_id):
            say(typing=user_id)
        case Reset(snapshot):
            say(reset=snapshot.seq, texts=[message.text for message in snapshot.messages])


async def act(room: Group, order: Mapping[str, Any]) -> None:
    ((name, body),) = order.items()
    match name:
        case "send":
            try:
                sent = await room.send(body["text"], client_msg_id=body["client_msg_id"])
                say(stored=body["client_msg_id"], seq=sent.seq)
            except CommandRefused as refused:
                say(refused=body["client_msg_id"], code=refused.code)
        case "approve":
            await room.approve(body["approval_id"], approved=body["approved"])
            say(done="approve")


asyncio.run(main())
