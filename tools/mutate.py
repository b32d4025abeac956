"""Do the tests notice? Breaks each check of the chain of trust, one at a time, and runs the fast tests that concern it.

A mutant that no test kills is a check that nobody would miss: it is printed, with what was done to it. Two files are
judged at once, each in a process of its own (`mutant_judge`); nothing on disk changes.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rich.progress import track

from tools.console import ToolError, err, out
from tools.mutants import Mutant, mutants
from tools.mutation_targets import TARGETS, Target

ROOT: Final = Path(__file__).resolve().parent.parent
ENOUGH: Final = 0.95
AT_ONCE: Final = 2


@dataclass(frozen=True)
class Survivor:
    path: str
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.path}:{self.mutant.line}  {self.mutant.what}"


def survivors(target: Target) -> list[bool]:
    """Of each of its mutants whether it lives. Raises ToolError."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "tools.mutant_judge", target.path]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ToolError((done.stderr.strip() or "Whoever runs the tests is gone.").splitlines()[-1])
    return [json.loads(line) for line in done.stdout.splitlines()]


def targets(words: list[str]) -> list[Target]:
    return [target for target in TARGETS if not words or any(word in target.path for word in words)]


def main(words: list[str]) -> int:
    """Mutates the files whose paths contain one of these words, or all. The exit code is 0 when enough were killed."""
    if find_spec("pytest") is None:
        raise ToolError("The packages of the tests are not there yet; `make check` brings them.")
    started = time.monotonic()
    chosen = targets(words)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        judged = pool.map(survivors, chosen)
        verdicts = list(track(judged, f"{len(chosen)} files", total=len(chosen), console=err))
    work = [
        (target, mutant) for target in chosen for mutant in mutants((ROOT / target.path).read_text(), target.functions)
    ]
    alive = [one for of_a_target in verdicts for one in of_a_target]
    report(work, alive)
    killed = len(work) - sum(alive)
    score = killed / len(work)
    out.print(f"{killed} of {len(work)} killed, {score:.1%}, {time.monotonic() - started:.0f} s")
    return 0 if score >= ENOUGH else 1


def report(work: list[tuple[Target, Mutant]], alive: list[bool]) -> None:
    survivors = [Survivor(target.path, mutant) for (target, mutant), lives in zip(work, alive, strict=True) if lives]
    for survivor in survivors:
        out.print(f"  survived  {survivor}", markup=False, highlight=False, soft_wrap=True)
    for path in dict.fromkeys(target.path for target, _ in work):
        total = sum(target.path == path for target, _ in work)
        lives = sum(survivor.path == path for survivor in survivors)
        out.print(f"  {path}: {total - lives} of {total}", highlight=False)
