"""Runs inside Pyodide (compile.mjs).

The bytecode is believed without a look at its source (PEP 552, unchecked hash): both are uploaded together. A Python of
another version ignores it and takes the source.
"""

import importlib
import json
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from py_compile import compile as compile_file

# Where the Workers runtime mounts a Worker's modules; tracebacks name this place.
METADATA = "/session/metadata"
PACKAGES = f"{METADATA}/python_modules"


def compile_packages(names: str) -> str:
    """Compiles what importing these takes of the packages, and the runtime's own. Says in words what it did."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, PACKAGES)
    for name in json.loads(names):
        importlib.import_module(name)
    origins = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    imported = {Path(origin) for origin in origins if origin.startswith(f"{PACKAGES}/") and origin.endswith(".py")}
    # This one cannot be imported outside the Workers runtime.
    imported |= set(Path(PACKAGES, "workers").rglob("*.py"))
    for path in sorted(imported):
        _compile(path, str(path), None)
    size_bytes = sum(path.stat().st_size for path in Path(PACKAGES).rglob("*.pyc"))
    return f"{len(imported)} modules, {size_bytes / 1e6:.1f} MB"


def compile_sources(jobs: str) -> str:
    """Compiles each `[file, its place in a Worker, where to put the bytecode]`; files as Python sees them here."""
    wanted = json.loads(jobs)
    for file, place, target in wanted:
        _compile(Path(file), f"{METADATA}/{place}", target)
    return sys.implementation.cache_tag


def _compile(file: Path, place: str, target: str | None) -> None:
    mode = PycInvalidationMode.UNCHECKED_HASH
    compile_file(str(file), cfile=target, dfile=place, doraise=True, invalidation_mode=mode)
