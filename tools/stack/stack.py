"""Starts and steers the local stack. Synchronous: its users are commands and tests."""

import base64
import re
import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tools.assemble import assemble
from tools.stack.ports import HOST, Ports, free_ports
from tools.stack.sidecar import Sidecar, StackError

LOG_LINES_KEPT = 2000
NOTHING: Mapping[str, Path] = {}
# What SQLite takes and JSON carries.
Value = str | int | float | None

OBJECT_ID = re.compile(r"[0-9a-f]{64}")


class Stack:
    """A running stack: the parts wrangler.toml names, with their data in `state_dir` or, without one, until `stop`."""

    def __init__(self, root: Path, ports: Ports, on_log: Callable[[str, str], None]) -> None:
        self.origins: Mapping[str, str] = ports.origins()
        self._root = root
        self._on_log = on_log
        self._logs: deque[tuple[str, str]] = deque(maxlen=LOG_LINES_KEPT)
        self._scratch = tempfile.TemporaryDirectory(prefix="parley-state-")
        self.state_dir = Path(self._scratch.name)
        self._sidecar = Sidecar(root, self._keep_log)

    @classmethod
    def start(
        cls,
        *,
        root: Path,
        ports: Ports,
        state_dir: Path | None,
        overrides: Mapping[str, Mapping[str, str]],
        beside: Mapping[str, Path] = NOTHING,
        on_log: Callable[[str, str], None] = lambda _level, _text: None,
    ) -> Self:
        """Assembles the Workers and boots them.

        `overrides` gives, per Worker ("app", "orchestrator", "agents"), text vars and secrets that replace those of
        wrangler.toml. Values that depend on the ports want `ports.resolve()` first. `beside` adds Workers that
        wrangler.toml does not know, each from a folder with an entry.py, without bindings, at an origin of its name.
        Raises PortInUse before anything is started, StackError when the runtime does not come up.
        """
        ports = ports.resolve()
        assemble(root)
        stack = cls(root, ports, on_log)
        try:
            stack.state_dir = state_dir or stack.state_dir
            stack._boot(ports, overrides, beside)
        except BaseException:
            stack.stop()
            raise
        return stack

    def _boot(
        self,
        ports: Ports,
        overrides: Mapping[str, Mapping[str, str]],
        beside: Mapping[str, Path],
    ) -> None:
        extra = dict(zip(beside, free_ports(len(beside)), strict=True))
        self.origins = {**ports.origins(), **{name: f"http://{HOST}:{port}" for name, port in extra.items()}}
        numbers = {"app": ports.app, "orchestrator": ports.orchestrator, "agents": ports.agents}
        self._sidecar.request(
            "start",
            root=str(self._root),
            stateDir=str(self.state_dir),
            workers={name: {"port": port, "vars": dict(overrides.get(name, {}))} for name, port in numbers.items()},
            beside={name: {"port": port, "folder": str(beside[name])} for name, port in extra.items()},
        )

    @property
    def runtime_pid(self) -> int | None:
        """workerd's process id; a reload or a crash changes it."""
        return self._sidecar.runtime_pid()

    def kill_runtime(self) -> None:
        """Kills workerd as a crash would: sockets break and memory is lost. Returns once a new one is serving."""
        self._sidecar.kill_runtime()

    def migrate(self) -> list[str]:
        """Applies the D1 migrations not yet applied and returns their file names."""
        applied: list[str] = self._sidecar.request("d1Migrate")
        return applied

    def query(self, sql: str, *params: Value) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._sidecar.request("d1Query", sql=sql, params=params)
        return rows

    def evict(
        self,
        class_name: str,
        name: str,
        *,
        worker: str | None = None,
        web_sockets: Literal["hibernate", "close"] = "hibernate",
    ) -> None:
        """Drops the object's memory, as the platform does to an idle one; its sockets stay open by default.

        `worker` says whose object, when several Workers have a class of that name.
        """
        self._sidecar.request(
            "evict", className=class_name, worker=worker, object=identity(name), webSockets=web_sockets
        )

    def tick(self) -> None:
        """Does now what the platform does every minute: the cron triggers of wrangler.toml."""
        self._sidecar.request("tick")

    def object_sql(self, class_name: str, name: str, sql: str, *params: Value) -> list[dict[str, Any]]:
        """Reads from the database of the object named (or with the id) `name`, as last committed.

        Read-only, and beside the runtime rather than through it: Miniflare's own inspection works only for classes
        written in JavaScript (5.20261117). Raises StackError when the object has never stored anything.
        """
        path: str = self._sidecar.request("doFile", className=class_name, object=identity(name))
        if not Path(path).exists():
            raise StackError(f"{class_name} {name} has stored nothing")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, params)]

    def lose_object(self, class_name: str, name: str) -> None:
        """Drops the object and all that it has stored, as if another had come in its place."""
        with self.object_file(class_name, name) as path:
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()

    @contextmanager
    def object_file(self, class_name: str, name: str) -> Iterator[Path]:
        """The object's database while the object is away. Nobody may ask for the object meanwhile."""
        path: str = self._sidecar.request("doFile", className=class_name, object=identity(name))
        self.evict(class_name, name, web_sockets="close")
        yield Path(path)

    def objects(self, class_name: str) -> list[str]:
        """The ids of the class's objects that have stored something."""
        ids: list[str] = self._sidecar.request("doList", className=class_name)
        return ids

    def archive_keys(self, prefix: str = "") -> list[str]:
        keys: list[str] = self._sidecar.request("r2List", prefix=prefix)
        return keys

    def archive_bytes(self, key: str) -> bytes | None:
        encoded: str | None = self._sidecar.request("r2Get", key=key)
        return None if encoded is None else base64.b64decode(encoded)

    def archive_metadata(self, key: str) -> dict[str, Any] | None:
        """`httpMetadata` and `customMetadata` of an object, None when it is not there."""
        found: dict[str, Any] | None = self._sidecar.request("r2Head", key=key)
        return found

    def reload(self) -> list[Path]:
        """Takes up changed sources; storage stays. Returns what changed, and restarts nothing when that is nothing."""
        changed = assemble(self._root)
        if changed:
            self._sidecar.request("reload")
        return changed

    def configure(self, overrides: Mapping[str, Mapping[str, str]]) -> None:
        """Replaces the Workers' vars and secrets, as a changed secret does: the runtime restarts, storage stays."""
        self._sidecar.request("configure", vars={name: dict(values) for name, values in overrides.items()})

    def logs(self) -> list[tuple[str, str]]:
        """The latest log lines as (level, text); level "runtime" is what workerd or Miniflare said themselves."""
        return list(self._logs)

    def stop(self) -> None:
        self._sidecar.stop()
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _keep_log(self, level: str, text: str) -> None:
        self._logs.append((level, text))
        self._on_log(level, text)


def identity(name: str) -> dict[str, str]:
    return {"id": name} if OBJECT_ID.fullmatch(name) else {"name": name}
