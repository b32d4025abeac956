"""Removes what set-up, builds and local runs have made. Standard library only: it runs after .venv is gone."""

import shutil
import sys
from pathlib import Path

# `.venv` last: an interrupted clean can then be repeated with the tools still there.
MADE = (
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", "build", ".wrangler", ".local"),
    *("python_modules", "node_modules", "tests/interop/node_modules", ".cache", ".venv"),
)


def clean(root: Path) -> None:
    for name in MADE:
        path = root / name
        if path.exists():
            shutil.rmtree(path)
            sys.stdout.write(f"removed {name}\n")
