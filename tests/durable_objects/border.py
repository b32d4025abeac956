"""The border between Python and JavaScript under plain Python, with a counter on it.

Each time Python touches a JavaScript object (reads a member, calls it, sets one) costs microseconds in a Worker,
whatever it does. What stands here in place of the runtime is there to be counted, not to be believed: how it behaves
is the business of tests/e2e.
"""

import json
import sqlite3
import sys
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

import pytest

# What imports the platform; under the counter these are loaded anew.
EDGE: Final = (
    "shared.edge.js",
    "shared.edge.metrics",
    "shared.edge.object_sql",
    "durable_objects.audience",
    "durable_objects.sockets",
)


class Border:
    def __init__(self) -> None:
        self.crossings = 0
        self.statements: list[str] = []
        self.sent: list[str] = []
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        weakref.finalize(self, self.database.close)

    def thing(self, **members: object) -> "Js":
        return Js(self, members)

    def calls(self, function: Callable[..., object]) -> Callable[..., object]:
        def crossing(*arguments: object, **options: object) -> object:
            self.crossings += 1
            return function(*arguments, **options)

        return crossing


class Js:
    """A JavaScript object: reading a member is a crossing, and calling it is another."""

    _border: Border
    _members: dict[str, object]

    def __init__(self, border: Border, members: dict[str, object]) -> None:
        object.__setattr__(self, "_border", border)
        object.__setattr__(self, "_members", members)

    @property
    def js_id(self) -> int:
        """Kept in Python."""
        return id(self)

    def __getattr__(self, name: str) -> object:
        border, members = self._border, self._members
        border.crossings += 1
        value = members[name]
        return border.calls(value) if callable(value) and not isinstance(value, Js) else value

    def __setattr__(self, name: str, value: object) -> None:
        self._border.crossings += 1
        self._members[name] = value


def storage(border: Border) -> Js:
    """DurableObjectStorage over SQLite."""

    def execute(statement: str, *parameters: Any) -> Js:  # noqa: ANN401 -- whatever SQLite takes
        border.statements.append(statement)
        cursor = border.database.execute(statement, parameters)
        rows = [list(row) for row in cursor]
        array = border.thing(to_py=lambda: rows)
        raw = border.thing(toArray=lambda: array)
        return border.thing(raw=lambda: raw, rowsWritten=max(cursor.rowcount, 0))

    def transaction(work: Callable[[], None]) -> None:
        border.database.execute("SAVEPOINT work")
        try:
            work()
        except BaseException:
            border.database.execute("ROLLBACK TO work")
            raise
        finally:
            border.database.execute("RELEASE work")

    return border.thing(sql=border.thing(exec=execute), transactionSync=transaction)


def socket(border: Border) -> Js:
    kept = [""]
    return border.thing(
        send=Sender(border),
        close=lambda *_: None,
        serializeAttachment=lambda text: kept.__setitem__(0, text),
        deserializeAttachment=lambda: kept[0],
        bufferedAmount=0,
        readyState=1,
    )


class Sender(Js):
    """`socket.send`: can be called, and bound for others to call without a crossing."""

    def __init__(self, border: Border) -> None:
        super().__init__(border, {"bind": lambda _: border.sent.append})

    def __call__(self, text: str) -> None:
        self._border.crossings += 1
        self._border.sent.append(text)


def _array(border: Border, values: list[Any]) -> Js:
    def for_each(function: Callable[..., object]) -> None:
        for number, value in enumerate(values):
            function(value, number, values)

    return border.thing(forEach=for_each)


def dataset(border: Border, points: list[dict[str, Any]]) -> Js:
    """An Analytics Engine dataset, of which a call takes one point and looks at nothing else."""
    return border.thing(writeDataPoint=border.thing(bind=lambda _: lambda point, *_: points.append(point)))


def emitter(border: Border) -> Js:
    listeners: list[Callable[[str], None]] = []

    def emit(_: str, text: str) -> None:
        for listener in listeners:
            listener(text)

    return border.thing(
        setMaxListeners=lambda _: None,
        on=lambda _, listener: listeners.append(listener),
        off=lambda _, listener: listeners.remove(listener),
        emit=emit,
    )


def install(border: Border, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts counted modules in place of the platform's, for what imports them from now on."""
    js, pyodide, ffi = ModuleType("js"), ModuleType("pyodide"), ModuleType("pyodide.ffi")
    events = border.thing(EventEmitter=border.thing(new=lambda: emitter(border)))
    pair = border.thing(new=lambda *_: None)
    members: dict[ModuleType, dict[str, object]] = {
        js: {
            "JSON": border.thing(parse=lambda text: _array(border, json.loads(text))),
            "process": border.thing(getBuiltinModule=lambda _: events),
            "WebSocketRequestResponsePair": pair,
        },
        ffi: {
            "JsException": type("JsException", (Exception,), {}),
            "create_once_callable": border.calls(lambda function: function),
            "jsnull": None,
            "to_js": border.calls(lambda value, **_: value),
        },
    }
    for module, names in members.items():
        for name, value in names.items():
            setattr(module, name, value)
    for module in (js, pyodide, ffi):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in EDGE:
        monkeypatch.delitem(sys.modules, name, raising=False)
