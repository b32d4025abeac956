"""What each Worker weighs: its upload, its imports, its memory.

The imports are timed by the runtime itself, without the warm snapshot, in a first request (probe/cold.py): while a
Worker is loaded its clock stands still. Memory is what Python's heap has grown to, seen from outside.
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from bench.arena import Arena
from bench.figures import Figure, at_most, figure
from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.npm import workerd_binary
from tools.setup.snapshot import vendored_modules
from tools.stack.ports import HOST, free_ports

WORKERS: Final = ("app", "orchestrator", "agents")
ROUNDS: Final = 3
_MB: Final = 1e6
_MIB: Final = 2**20
# V8 reserves 4 GiB of addresses and more for a WebAssembly memory; what is in use of it comes first. JavaScript's own
# heaps lie in a cage of 4 GiB, so that less than that is left behind each.
_RESERVED_BYTES: Final = 4 * 2**30
_RANGE: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ 00:00 0\s*$")
CONFIG: Final = """\
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "cold", worker = (
    compatibilityDate = "2026-11-01",
    compatibilityFlags = ["python_workers", "python_workers_development"],
    modules = [
      (name = "cold.py", pythonModule = embed "cold.py"),
{modules}
    ],
  ))],
  sockets = [(name = "http", address = "{host}:{port}", http = (), service = "cold")],
);
"""


def footprint(arena: Arena) -> list[Figure]:
    pid = arena.town.stack.runtime_pid
    sizes = {worker: upload_bytes(arena.root, worker) / _MB for worker in WORKERS}
    figures = [figure("footprint", f"{worker}: upload", "MB", [size], at_most(12)) for worker, size in sizes.items()]
    heap = max(wasm_heaps(Path(f"/proc/{pid}/maps"))) / _MIB
    figures.append(figure("footprint", "the largest Python heap of all Workers", "MiB", [heap], at_most(64)))
    for worker in WORKERS:
        found = [imports(arena.root, worker, arena.scratch / arena.fresh("cold")) for _ in range(ROUNDS)]
        times = [one.total_s for one in found]
        figures.append(figure("footprint", f"{worker}: imports, without a snapshot", "s", times, at_most(0.6)))
        own = [one.own_s for one in found]
        figures.append(figure("footprint", f"{worker}: of these, its own code", "s", own))
    return figures


def upload_bytes(root: Path, worker: str) -> int:
    """What wrangler uploads for it: the assembled code, and the vendored packages."""
    folders = (root / "build" / worker, Layout(root).python_modules)
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def wasm_heaps(maps: Path) -> list[int]:
    """The size of each WebAssembly memory of a process, in bytes, by its address space (proc_pid_maps(5))."""
    heaps: list[int] = []
    before: tuple[int, int] | None = None
    for line in maps.read_text().splitlines():
        match = _RANGE.match(line)
        start, end = (int(match[1], 16), int(match[2], 16)) if match else (0, 0)
        if match and match[3] == "---p" and before and before[1] == start and end - before[0] >= _RESERVED_BYTES:
            heaps.append(before[1] - before[0])
        before = (start, end) if match and match[3] == "rw-p" else None
    return heaps


@dataclass(frozen=True)
class Imports:
    """How long a Worker's imports take, those of packages and those of its own code, and how many modules had to be
    compiled for it.
    """

    packages_s: float
    own_s: float
    compiled: int
    work_s: float
    """A fixed piece of work, beside the imports (bench/probe/cold.py)."""

    @property
    def total_s(self) -> float:
        return self.packages_s + self.own_s


def imports(root: Path, worker: str, folder: Path) -> Imports:
    """Times them in a runtime of their own, without a snapshot; `folder` is made for it."""
    with _cold_runtime(root, worker, folder) as port:
        packages, own, work_ms = httpx.get(f"http://{HOST}:{port}/", timeout=60).raise_for_status().json()
        return Imports(packages[0] / 1000, own[0] / 1000, packages[1] + own[1], work_ms / 1000)


@contextmanager
def _cold_runtime(root: Path, worker: str, folder: Path) -> Iterator[int]:
    """workerd by itself, with one Worker's modules behind an entry that imports them when it is asked."""
    layout = Layout(root)
    folder.mkdir()
    (port,) = free_ports(1)
    for name, target in (("python_modules", layout.python_modules), ("code", root / "build" / worker)):
        (folder / name).symlink_to(target)
    (folder / "cold.py").write_text((root / "bench" / "probe" / "cold.py").read_text())
    own = [path.relative_to(folder / "code") for path in sorted((folder / "code").rglob("*.py*"))]
    kinds = {".py": "pythonModule", ".pyc": "data"}
    modules = [f'      (name = "{path}", {kinds[path.suffix]} = embed "code/{path}"),' for path in own]
    config = CONFIG.format(modules="\n".join([*modules, vendored_modules(layout.python_modules)]), host=HOST, port=port)
    (folder / "config.capnp").write_text(config)
    command = [str(workerd_binary(layout)), "serve", "config.capnp", "--experimental", "--control-fd=1"]
    bundle = f"--pyodide-bundle-disk-cache-dir={layout.bundle.parent}"
    with subprocess.Popen([*command, bundle], cwd=folder, stdout=subprocess.PIPE, text=True) as runtime:
        try:
            if runtime.stdout is None or '"listen"' not in runtime.stdout.readline():
                raise ToolError("workerd did not start; what it said stands above")
            yield port
        finally:
            runtime.terminate()
