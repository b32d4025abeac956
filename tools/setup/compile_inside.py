"""Runs inside Pyodide (compile.mjs).

The bytecode is believed without a look at its source (PEP 552, unchecked hash): both are uploaded together. A Python of
another version ignores it and takes the source.
"""

import importlib
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from py_compile import compile as compile_file


def compile_imported(folder: str, names: str) -> str:
    """Compiles what importing these takes from `folder`, and the runtime's own package. Says in words what it did."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, folder)
    for name in names.split(","):
        importlib.import_module(name)
    origins = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    imported = {Path(origin) for origin in origins if origin.startswith(f"{folder}/") and origin.endswith(".py")}
    # This one cannot be imported outside the Workers runtime.
    imported |= set(Path(folder, "workers").rglob("*.py"))
    unchecked = PycInvalidationMode.UNCHECKED_HASH
    for path in sorted(imported):
        compile_file(str(path), doraise=True, invalidation_mode=unchecked)
    size_bytes = sum(path.stat().st_size for path in Path(folder).rglob("*.pyc"))
    return f"{len(imported)} modules, {size_bytes / 1e6:.1f} MB"
