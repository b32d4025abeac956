"""The bytecode of what Workers import: about half of a cold start's imports were compiling sources.

That of packages lies beside them and is uploaded with them (`python_modules.exclude` in wrangler.toml would leave it
out); that of our own code lies in a folder by itself, from where `assemble` takes what fits a source (`rules` in
wrangler.toml has it uploaded).
"""

import json
import shutil
from pathlib import Path
from typing import Final

from tools.assemble import BYTECODE, CACHE_TAG, WORKERS, bytecode_name, module_path, worker_files
from tools.console import Say, ToolError
from tools.setup.commands import run
from tools.setup.compile_inside import PACKAGES
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.npm import version_of
from tools.setup.shared_imports import PACKAGE_IMPORTS
from tools.setup.steps import Step, digest

HERE: Final = Path(__file__).parent
SOURCES: Final = ("bytecode.py", "compile.mjs", "compile_inside.py", "shared_imports.py")
ROOT_PLACE: Final = "/checkout"


def bytecode_step(layout: Layout) -> Step:
    def compile_them(say: Say) -> None:
        say("Pyodide, in Node")
        places = {PACKAGES: layout.python_modules}
        say(_in_pyodide(layout, "compile_packages", places, list(PACKAGE_IMPORTS), "Compiling the Workers' packages"))

    return Step(
        "bytecode",
        "Workers' packages, compiled",
        lambda: digest([*_how(layout), layout.stamps / "vendor"]),
        layout.python_modules / "pydantic" / "__pycache__",
        compile_them,
    )


def own_bytecode_step(layout: Layout) -> Step:
    store = layout.root / BYTECODE

    def compile_them(say: Say) -> None:
        wanted, how = own_sources(layout.root), store / "how"
        if not how.exists() or how.read_text() != digest(_how(layout)):
            # Names tell of what it was made, not by what.
            shutil.rmtree(store, ignore_errors=True)
            store.mkdir(parents=True)
            how.write_text(digest(_how(layout)))
        for path in store.glob("*.pyc"):
            if path.name not in wanted:
                path.unlink()
        missing = {name: found for name, found in wanted.items() if not (store / name).exists()}
        say(f"{len(missing)} of {len(wanted)} modules")
        jobs = [
            [f"{ROOT_PLACE}/{source.relative_to(layout.root).as_posix()}", place, f"{ROOT_PLACE}/{BYTECODE}/{name}"]
            for name, (place, source) in missing.items()
        ]
        tag = _in_pyodide(layout, "compile_sources", {ROOT_PLACE: layout.root}, jobs, "Compiling the Workers' code")
        if tag != CACHE_TAG:
            raise ToolError(f"The Workers' Python looks for bytecode of {tag}; tools/assemble.py says {CACHE_TAG}.")

    return Step(
        "own-bytecode",
        "Workers' own code, compiled",
        lambda: digest([*_how(layout), *sorted(own_sources(layout.root))]),
        store,
        compile_them,
    )


def own_sources(root: Path) -> dict[str, tuple[str, Path]]:
    """By the name of its bytecode: where a source stands in a Worker, and where it lies here."""
    found: dict[str, tuple[str, Path]] = {}
    for worker in WORKERS:
        for target, source in worker_files(root, worker).items():
            place = module_path(target)
            found[bytecode_name(place, source.read_bytes())] = (place, source)
    return found


def _how(layout: Layout) -> list[str | Path]:
    return [*(HERE / name for name in SOURCES), version_of(layout, "pyodide")]


def _in_pyodide(layout: Layout, function: str, places: dict[str, Path], argument: object, what: str) -> str:
    """What a function of compile_inside.py says."""
    pyodide = layout.node_modules / "pyodide" / "pyodide.mjs"
    seen = json.dumps({place: str(folder) for place, folder in places.items()})
    command: list[str | Path] = [node_of(layout).node, HERE / "compile.mjs", pyodide, HERE / "compile_inside.py"]
    return run([*command, function, seen], cwd=layout.root, what=what, given=json.dumps(argument)).strip()
