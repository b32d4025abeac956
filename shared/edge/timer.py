"""Waiting with an end, without leaving a timer behind.

Law: every timer that is set here is cleared here. Pyodide's event loop (314.0.6) only forgets a cancelled `call_later`;
the runtime's own timer runs on, and a pending timer keeps a Durable Object in memory.
"""

import asyncio
from typing import Any

import js
from pyodide.ffi import create_proxy


async def done_within(future: asyncio.Future[Any], seconds: float) -> bool:
    """Whether `future` is done, at the latest after so long. It is not cancelled."""
    if future.done():
        return True
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(*_: object) -> None:
        if not woken.done():
            woken.set_result(None)

    callback = create_proxy(wake)
    timer = js.setTimeout(callback, int(seconds * 1000))
    future.add_done_callback(wake)
    try:
        await woken
    finally:
        js.clearTimeout(timer)
        future.remove_done_callback(wake)
        callback.destroy()
    return future.done()
