"""Small change between Python and JavaScript.

Law: conversions only. A JavaScript constructor that is handed a Python dict can end the isolate, so every options
object is made here.
"""

import time
from typing import Any

import js
from pyodide.ffi import jsnull, to_js

_LARGEST = 2**53 - 1


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
    """The runtime's clock is `Date.now`; asked through Python's own time it costs a tenth."""
    return time.time_ns() // 1_000_000


def to_sql(value: Any) -> Any:
    """Pyodide (314.0.6) makes a BigInt of the largest safe integer already, and SQL takes none."""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return float(value)
    return jsnull if value is None else value


def from_sql(value: Any) -> Any:
    return None if value is jsnull else value
