"""The packages every Worker carries, in `python_modules/`, as wheels for the Workers' Python rather than this one."""

import shutil
import sys
import tomllib
from pathlib import Path

from tools.console import Say, ToolError
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.steps import Step, digest

HERE = Path(__file__).parent

# CPython 3.14 of Pyodide 314, which workerd runs for compatibility dates from 2026-09-08 on.
TARGET = (
    *("--python-version", "3.14", "--implementation", "cp", "--abi", "cp314", "--abi", "none"),
    *("--platform", "pyemscripten_2026_0_wasm32", "--only-binary=:all:"),
)

# The lock is the whole list, and pip would judge packages and their dependencies by this machine's Python.
AS_LOCKED = ("--require-hashes", "--no-deps", "--ignore-requires-python")

# What no Worker reads at run time counts against its upload limit and its start.
UNUSED_FOLDERS = ("__pycache__", "bin", "tests", "test")
UNUSED_SUFFIXES = (".pyi", ".pyc")
UNUSED_NAMES = ("py.typed",)
# pydantic's old self does not run under Python 3.14, its plugin is mypy's; test tools and another event loop.
UNUSED_PATHS = (
    *("pydantic/v1", "pydantic/mypy.py", "pydantic/_hypothesis_plugin.py"),
    *("anyio/pytest_plugin.py", "anyio/_backends/_trio.py", "starlette/testclient.py"),
)


def vendor_step(layout: Layout) -> Step:
    locks = worker_locks(layout.root)

    def install(say: Say) -> None:
        say("pip, for Pyodide")
        fresh = layout.cache / "vendor"
        shutil.rmtree(fresh, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
        run(
            [*pip, *AS_LOCKED, "--target", fresh, *TARGET, *(part for lock in locks for part in ("-r", lock))],
            cwd=layout.root,
            what="Fetching the Workers' packages",
        )
        strip(fresh)
        shutil.rmtree(layout.python_modules, ignore_errors=True)
        fresh.rename(layout.python_modules)
        say(f"{size_bytes(layout.python_modules) / 1e6:.1f} MB")

    return Step(
        "vendor",
        "Workers' packages",
        lambda: digest([*locks, HERE / "vendor.py"]),
        layout.python_modules,
        install,
    )


def worker_locks(root: Path) -> list[Path]:
    """Those of what every Worker carries. Raises ToolError for an extra that there is not."""
    told = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["parley"]["worker_extras"]
    names = ["worker", *(f"worker-{extra}" for extra in told)]
    locks = [root / "requirements" / f"{name}.txt" for name in names]
    for lock in locks:
        if not lock.exists():
            raise ToolError(f"pyproject.toml names a worker_extra without a lock: {lock.relative_to(root)}")
    return locks


def strip(folder: Path) -> None:
    for path in (folder / name for name in UNUSED_PATHS):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and path.name in UNUSED_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.suffix in UNUSED_SUFFIXES or path.name in UNUSED_NAMES):
            path.unlink()


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
