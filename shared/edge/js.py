"""Small change between Python and JavaScript.

Law: conversions only. A JavaScript constructor that is handed a Python dict can end the isolate, so every options
object is made here.
"""

import time
from functools import lru_cache
from typing import Any, Final

import js
from pyodide.ffi import jsnull, to_js

_LARGEST = 2**53 - 1
_MS_NS: Final = 1_000_000


def js_object(values: dict[str, Any]) -> Any:
    """A plain JavaScript object, nested ones included."""
    return to_js(values, dict_converter=js.Object.fromEntries)


def header_items(headers: Any) -> list[tuple[str, str]]:
    """The pairs of a Headers object. One may be called `__proto__`, and then Pyodide converts no object of them."""
    return [(name, value) for name, value in js.Array.from_(headers).to_py()]


def node_module(name: str) -> Any:
    """A built-in module of Node compatibility, without an import that would need an asynchronous caller."""
    return js.process.getBuiltinModule(f"node:{name}")


def now_ms() -> int:
    """Unix milliseconds, by the runtime's clock.

    Not by `time.time`: workerd (1.20261117) has that run a millisecond ahead with each reading within one, so that it
    goes back from one event to the next. Python's monotonic clock is `performance.now`, and as true; asked through
    `js.Date.now` the time would cost ten times as much.
    """
    return _origin_ms() + (time.monotonic_ns() + _MS_NS // 2) // _MS_NS


@lru_cache(maxsize=1)
def _origin_ms() -> int:
    """What `performance.now` counts from. Asked when there is a clock: not while a Worker is loaded."""
    return int(js.performance.timeOrigin)


def to_sql(value: Any) -> Any:
    """Pyodide (314.0.6) makes a BigInt of the largest safe integer already, and SQL takes none."""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return float(value)
    return jsnull if value is None else value


def from_sql(value: Any) -> Any:
    return None if value is jsnull else value
