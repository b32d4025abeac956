"""What only the benchmarks need.

The npm packages of bench/package.json, and a virtual environment for FastAPI and for drawing, so that nothing of the
product's own changes.
"""

import sys
from pathlib import Path

from tools.console import Say
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.npm import npm
from tools.setup.steps import Step, digest, perform


def bench_python(root: Path) -> Path:
    return Layout(root).cache / "bench" / "bin" / "python"


def prepare_bench(root: Path) -> None:
    layout = Layout(root)
    for step in (_python_step(layout), _npm_step(layout)):
        perform(step, layout.stamps)


def _python_step(layout: Layout) -> Step:
    lock = layout.root / "requirements" / "bench.txt"
    python = bench_python(layout.root)

    def install(say: Say) -> None:
        say("FastAPI, uvicorn, matplotlib")
        run(
            [sys.executable, "-m", "venv", "--clear", layout.cache / "bench"],
            cwd=layout.root,
            what="Making an environment",
        )
        pip = [
            str(python),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
        ]
        run([*pip, "-r", lock], cwd=layout.root, what="Fetching the benchmarks' packages")

    return Step("bench-python", "Benchmarks' Python packages", lambda: digest([lock, sys.version]), python, install)


def _npm_step(layout: Layout) -> Step:
    here = layout.root / "bench"
    inputs = [here / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def install(say: Say) -> None:
        say("partyserver")
        npm(layout, "ci", "--no-audit", "--no-fund", folder=here)

    return Step("bench-npm", "Benchmarks' npm packages", lambda: digest(inputs), here / "node_modules", install)
