"""What must hold before a commit. All of it is looked at at once: mypy needs one core for most of the time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.console import err, out

# mypy is told packages and folders rather than ".": it would otherwise walk node_modules to find out it may not.
TYPED = ("tools", "shared", "durable_objects", "workers", "clients", "bench", "tests")


def check(root: Path) -> int:
    """Runs every check, whichever fails; the exit code is 0 when all passed."""
    typed = [name for name in TYPED if any((root / name).rglob("*.py"))]
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy --strict": ["mypy", *typed],
    }
    if (root / "tests" / "layout").exists():
        checks["layout"] = ["pytest", "-q", "tests/layout"]
    with ThreadPoolExecutor() as together:
        passed = list(together.map(lambda name: passes(root, name, checks[name]), checks))
    return 0 if all(passed) else 1


def passes(root: Path, name: str, command: list[str]) -> bool:
    done = subprocess.run([sys.executable, "-m", *command], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        out.print(f"  [green]✓[/green] {name}")
        return True
    out.print(f"  [red]✗[/red] {name}")
    err.print(done.stdout + done.stderr, markup=False)
    return False
