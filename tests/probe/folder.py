"""Lays the probe out as a Worker's folder: its entry, and what it imports under the same names."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def lay_out(folder: Path) -> Path:
    here = folder / "tests" / "probe"
    here.mkdir(parents=True)
    for package in (here.parent, here):
        (package / "__init__.py").touch()
    shutil.copy(ROOT / "tests" / "probe" / "verdicts.py", here)
    shutil.copy(ROOT / "tests" / "probe" / "entry.py", folder)
    shutil.copytree(ROOT / "shared", folder / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
