"""Those who read one run as a stream, outside of any socket.

Law: translation only: a line for each frame. Whoever does not read costs nobody else anything, and is let go.
"""

import asyncio
from typing import Any, Final

import js
from pyodide.ffi import JsException, to_js

from durable_objects.group import Group
from shared.edge.js import js_object

READ_HEADER: Final = "X-Parley-Read-Run"
"""Names user, run and offset, apart by spaces: set by the Orchestrator alone, over its binding."""
UNREAD_LIMIT: Final = 1000


class RunReaders:
    def __init__(self) -> None:
        self._of_run: dict[str, list[_Reader]] = {}

    def open(self, request: Any, group: Group) -> Any:
        """The response that streams a run. Raises Forbidden, NotFound."""
        user_id, run_id, offset = request.headers.get(READ_HEADER).split(" ")
        frames, is_over = group.read_run(user_id, run_id, int(offset))
        reader = _Reader()
        for frame in frames:
            reader.write(frame)
        if is_over:
            reader.close()
        else:
            self._of_run.setdefault(run_id, []).append(reader)
        headers = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        return js.Response.new(reader.readable, js_object({"headers": headers}))

    def tell(self, run_id: str, text: str, *, is_last: bool) -> None:
        readers = self._of_run.get(run_id, [])
        for reader in readers:
            reader.write(text)
            if is_last:
                reader.close()
        staying = [] if is_last else [reader for reader in readers if not reader.is_gone]
        if staying:
            self._of_run[run_id] = staying
        else:
            self._of_run.pop(run_id, None)


class _Reader:
    def __init__(self) -> None:
        stream = js.IdentityTransformStream.new()
        self.readable = stream.readable
        self.is_gone = False
        self._writer = stream.writable.getWriter()
        self._unread = 0
        self._tasks: set[asyncio.Future[Any]] = set()

    def write(self, text: str) -> None:
        if self._unread >= UNREAD_LIMIT:
            self.is_gone = True
            self._follow(self._writer.abort("too slow"))
        elif not self.is_gone:
            self._unread += 1
            self._follow(self._writer.write(to_js(f"{text}\n".encode())))

    def close(self) -> None:
        if not self.is_gone:
            self._follow(self._writer.close())

    def _follow(self, promise: Any) -> None:
        """Writes are queued in their order; one that fails means that nobody reads any more."""
        task = asyncio.ensure_future(promise)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        self._unread -= 1
        if not task.cancelled() and isinstance(task.exception(), JsException):
            self.is_gone = True
