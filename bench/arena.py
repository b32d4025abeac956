"""Everybody who takes part, running side by side on this machine; what is not measured right now is idle."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from bench.generator import Generator
from bench.parley import NAMES, Parley
from bench.rivals import Peer, fastapi_peer, javascript_peers
from bench.setup import bench_python
from tools.chaos.town import Town, town
from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.stack.ports import HOST

PROBE: Final = Path(__file__).parent / "probe"
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Arena:
    """Starts what a part asks for, once."""

    def __init__(self, root: Path, scratch: Path, everything: ExitStack) -> None:
        self.root = root
        self.scratch = scratch
        self._everything = everything
        self._names = 0

    @cached_property
    def generator(self) -> Generator:
        return self._everything.enter_context(Generator(self.root))

    @cached_property
    def javascript(self) -> list[Peer]:
        return self._everything.enter_context(javascript_peers(self.root, self.scratch))

    @cached_property
    def fastapi(self) -> Peer:
        return self._everything.enter_context(fastapi_peer(bench_python(self.root), self.scratch))

    @cached_property
    def model_url(self) -> str:
        """An OpenAI-compatible API (see peers/model.mjs)."""
        return f"http://{HOST}:{self._node('model.mjs')}/v1"

    @cached_property
    def blast_port(self) -> int:
        return self._node("blast.mjs")

    @cached_property
    def town(self) -> Town:
        providers = [{"name": "stub", "base_url": self.model_url}]
        told = {"agents": {"PROVIDERS": json.dumps(providers)}}
        beside = {"probe": _lay_out_probe(self.root, self.scratch / "probe")}
        return self._everything.enter_context(town(self.root, self.scratch, NAMES, told, beside))

    @cached_property
    def parley(self) -> Parley:
        return Parley(self.town)

    def fresh(self, what: str) -> str:
        """A name that nothing else in this run has."""
        self._names += 1
        return f"{what}{self._names}"

    def runtime_cpu_s(self) -> float:
        """CPU seconds that all of Parley's Workers together have used: they share one process."""
        fields = Path(f"/proc/{self.town.stack.runtime_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def _node(self, name: str) -> int:
        return self._everything.enter_context(_served(self.root, name))


def _lay_out_probe(root: Path, folder: Path) -> Path:
    """A Worker's folder: its entry, and what that imports under the names it has in the product."""
    folder.mkdir()
    shutil.copy(PROBE / "entry.py", folder)
    shutil.copytree(root / "shared", folder / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextmanager
def _served(root: Path, name: str) -> Iterator[int]:
    """A small server of ours; it prints its port, and ends when its standard input does."""
    command = [node_of(Layout(root)).node, str(Path(__file__).parent / "peers" / name)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdin is None or server.stdout is None:
            raise ToolError(f"{name} has no pipes")
        yield int(server.stdout.readline())
        server.stdin.close()
