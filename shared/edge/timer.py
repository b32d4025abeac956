"""The runtime's timer, for what must leave none behind.

Law: a timer that is cancelled is gone. Pyodide's event loop (314.0.6) only forgets a cancelled `call_later`; the
runtime's own timer runs on, and a pending timer keeps a Durable Object in memory.
"""

from collections.abc import Callable

import js
from pyodide.ffi import create_once_callable


def runtime_timer(seconds: float, ring: Callable[[], None]) -> Callable[[], None]:
    """Calls `ring` in so many seconds. What it gives cancels, once, and only before that."""
    callback = create_once_callable(ring)
    timer = js.setTimeout(callback, int(seconds * 1000))

    def cancel() -> None:
        js.clearTimeout(timer)
        callback.destroy()

    return cancel
