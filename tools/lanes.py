"""Every test, in two lanes side by side: what drives the stack from outside, and beside it the rest.

Each lane is one pytest with a stack of its own. The first leaves much of two cores unused: it waits for the runtime,
and the runtime for time to pass. End-to-end tests that want a stack told otherwise run beside it, where they begin one
anyhow. Whoever chooses tests gets one pytest, which is told what they said.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.assemble import assemble
from tools.console import out

FIRST = "e2e"
STARTS_A_STACK = re.compile(r"\bStack\.start\(|\bdeployment_(asking|told)\(")
# Searches the logs of the stack that its own lane has used, so both lanes end with it.
SEARCHES_LOGS = "tests/e2e/test_canary.py::test_no_log_line_of_any_test_holds_anything_that_looks_like_a_token"


def run_tests(root: Path, arguments: Sequence[str]) -> int:
    """Gives the exit code of pytest; of two, that of the first which failed."""
    if arguments:
        return subprocess.run(pytest(*arguments), cwd=root, check=False).returncode
    # Both lanes would write it, should there be anything to write.
    assemble(root)
    first, rest = lanes(root)
    with tempfile.TemporaryFile() as kept:
        with subprocess.Popen(pytest(*rest), cwd=root, stdout=kept, stderr=subprocess.STDOUT) as beside:
            out.print("  the first lane is shown as it runs, what runs beside it at the end", style="dim")
            failed = subprocess.run(pytest(*first), cwd=root, check=False).returncode
            failed = failed or beside.wait()
        kept.seek(0)
        sys.stdout.write(kept.read().decode(errors="replace"))
    return failed


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


def lanes(root: Path) -> tuple[list[str], list[str]]:
    """What each is asked to run."""
    folders = sorted(path.parent.relative_to(root) for path in root.glob("tests/*/__init__.py"))
    rest = [str(folder) for folder in folders if folder.name != FIRST and any((root / folder).rglob("test_*.py"))]
    first, beside = list[str](), list[str]()
    for path in sorted((root / "tests" / FIRST).glob("test_*.py")):
        (beside if STARTS_A_STACK.search(path.read_text()) else first).append(str(path.relative_to(root)))
    return first, [*rest, *beside, SEARCHES_LOGS]
