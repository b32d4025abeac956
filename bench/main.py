"""`make bench`: Parley and its peers, side by side on this machine; `BENCH=fanout,wake` runs those parts alone.

Law: the exit code says whether everything could be measured, not whether each target was met: that is in the table.
"""

import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.arena import Arena
from bench.figures import Figure, readable
from bench.parts import PARTS
from bench.report import MARKS, as_json, machine, read, write
from bench.setup import bench_python, prepare_bench
from bench.summary import write_into
from shared.clock import rfc3339
from tools.console import ToolError, out
from tools.setup.layout import Layout
from tools.setup.npm import version_of

ROOT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = ROOT / "bench" / "results"


def main() -> None:
    names = wanted(os.environ.get("BENCH", ""))
    prepare_bench(ROOT)
    parts = read(RESULTS / "latest.json")
    with ExitStack() as everything:
        scratch = Path(everything.enter_context(tempfile.TemporaryDirectory(prefix="parley-bench-")))
        arena = Arena(ROOT, scratch, everything)
        for name in names:
            out.print(f"\n  [bold]{name}[/bold]")
            # What a part has left to be written, a million events for one, is not the next one's to wait for.
            os.sync()
            when, load, started = rfc3339(time.time_ns() // 1_000_000), os.getloadavg()[0], time.monotonic()
            figures = PARTS[name](arena)
            parts[name] = as_json(figures, when, load, time.monotonic() - started)
            for one in figures:
                show(one)
            # After each part: what was measured is kept when a later one fails.
            ordered = {each: parts[each] for each in PARTS if each in parts}
            write(RESULTS, ordered, machine(), versions())
    write_into(ROOT / "README.md", parts, machine())
    subprocess.run([bench_python(ROOT), ROOT / "bench" / "plots.py", RESULTS], check=True)
    out.print(f"\n  the table and the pictures are in {RESULTS.relative_to(ROOT)}/\n")


def wanted(text: str) -> list[str]:
    """All parts, or those that were named. Raises ToolError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ToolError(f"There is no part {unknown[0]!r}; BENCH takes {', '.join(PARTS)}.")
    return names or list(PARTS)


def show(one: Figure) -> None:
    target = "" if one.target is None else f"  {MARKS[one.met]} {one.target}"
    out.print(f"    {readable(one.value):>8} {one.unit:11} {one.name}  ({one.spread()}){target}", markup=False)


def versions() -> dict[str, str]:
    layout, peers = Layout(ROOT), Layout(ROOT / "bench")
    found = {name: version_of(layout, name) for name in ("workerd", "pyodide", "miniflare")}
    return found | {"partyserver": version_of(peers, "partyserver")}
