"""Everybody in a group who has said hello, behind one crossing of the border.

Law: no rule. Node's EventEmitter holds one bound `send` for each socket; here is kept who they are, in the emitter's
order. Who comes and goes costs a few crossings, however many are there.
"""

from contextlib import suppress
from typing import Any, Final

from pyodide.ffi import JsException

from shared.edge.js import node_module

_OPEN: Final = 1
_EVENT: Final = "text"


class Audience:
    def __init__(self) -> None:
        self._emitter: Any = None
        self._emit: Any = None
        self._listeners: dict[str, tuple[Any, Any]] = {}

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, socket_id: str, socket: Any) -> None:
        """Who is there already stays where they are."""
        if socket_id in self._listeners:
            return
        if self._emitter is None:
            self._emitter = node_module("events").EventEmitter.new()
            self._emitter.setMaxListeners(0)
            self._emit = self._emitter.emit
        self._listen(socket_id, socket, socket.send.bind(socket))

    def remove(self, socket_id: str) -> None:
        found = self._listeners.pop(socket_id, None)
        if found is not None:
            self._emitter.off(_EVENT, found[1])

    def tell(self, text: str) -> str | None:
        """Who was found to be gone already, if anybody."""
        if not self._listeners:
            return None
        try:
            self._emit(_EVENT, text)
        except JsException:
            return self._go_on_behind_the_dead(text)
        return None

    def tell_all_but(self, socket_id: str, text: str) -> str | None:
        """As `tell`, with one who listens not."""
        socket, listener = self._listeners.get(socket_id, (None, None))
        self.remove(socket_id)
        try:
            return self.tell(text)
        finally:
            if socket is not None:
                self._listen(socket_id, socket, listener)

    def _listen(self, socket_id: str, socket: Any, listener: Any) -> None:
        self._emitter.on(_EVENT, listener)
        self._listeners[socket_id] = (socket, listener)

    def _go_on_behind_the_dead(self, text: str) -> str | None:
        """`emit` stops at the first socket that throws, and only one that is not open does."""
        dead: str | None = None
        for socket_id, (socket, listener) in self._listeners.items():
            if dead is not None:
                with suppress(JsException):  # it closed a moment ago as well; its close event follows
                    listener(text)
            elif socket.readyState != _OPEN:
                dead = socket_id
        return dead
