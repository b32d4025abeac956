"""Those that Parley is measured against, each a process on this machine (see peers/).

Law: a peer does the same work as Parley's log and no more: it takes a frame, inserts it into SQLite, answers with its
number and sends it to everybody.
"""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol, TypedDict

import httpx

from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.workerd import V8_FLAGS
from tools.stack.ports import HOST, free_ports

HERE: Final = Path(__file__).parent / "peers"
START_TIMEOUT_S: Final = 30
POLL_S: Final = 0.05


class Seat(TypedDict):
    """One socket of a room, as the load generator opens it."""

    url: str
    protocols: list[str]


class Contestant(Protocol):
    name: str

    def seats(self, count: int) -> list[Seat]:
        """A fresh room: `{url, protocols}` of each of its sockets."""
        ...


class Peer:
    """Rooms come into being when somebody enters them."""

    def __init__(self, name: str, port: int, path: str) -> None:
        self.name = name
        self._address = f"ws://{HOST}:{port}{path}"
        self._rooms = 0

    def seats(self, count: int) -> list[Seat]:
        self._rooms += 1
        return [{"url": f"{self._address}/room{self._rooms}", "protocols": []}] * count


@contextmanager
def javascript_peers(root: Path, scratch: Path) -> Iterator[list[Peer]]:
    party, bare = free_ports(2)
    command = [node_of(Layout(root)).node, str(HERE / "host.mjs")]
    env = {**os.environ, "MINIFLARE_WORKERD_V8_FLAGS": V8_FLAGS}
    with subprocess.Popen(command, cwd=root, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        if host.stdin is None or host.stdout is None:
            raise ToolError("the peers have no pipes")
        host.stdin.write(
            json.dumps({"stateDir": str(scratch / "peers"), "ports": {"bare": bare, "party": party}}) + "\n"
        )
        host.stdin.flush()
        if host.stdout.readline() != "ready\n":
            raise ToolError("the JavaScript peers did not start; what they said stands above")
        yield [Peer("partyserver", party, "/parties/main"), Peer("bare JavaScript object", bare, "/rooms")]
        host.stdin.close()


@contextmanager
def fastapi_peer(python: Path, scratch: Path) -> Iterator[Peer]:
    (port,) = free_ports(1)
    folder = scratch / "fastapi"
    folder.mkdir()
    with subprocess.Popen([str(python), str(HERE / "fastapi_room.py"), str(port), str(folder)]) as server:
        try:
            _wait_for(port)
            yield Peer("FastAPI + uvicorn", port, "/rooms")
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            httpx.get(f"http://{HOST}:{port}/")
            return
        time.sleep(POLL_S)
    raise ToolError("the FastAPI peer did not start")
