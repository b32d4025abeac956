"""The command `parley`, run as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.deployment import Team

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 90


@dataclass(frozen=True)
class Shell:
    """`env` is what the command finds in its environment besides PATH and a home of its own."""

    home: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join((str(ROOT / "clients" / "python" / "src"), str(ROOT))),
            "COLUMNS": "200",
            **self.env,
        }

    def run(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 -- our own program
            command(*words),
            input=stdin,
            env=self.environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def ok(self, *words: str, stdin: str = "") -> str:
        """What it prints, when all goes well."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *words: str, stdin: str = "") -> tuple[int, str]:
        """The exit code, and the one sentence."""
        done = self.run(*words, stdin=stdin)
        (sentence,) = done.stderr.splitlines()
        return done.returncode, sentence


def command(*words: str) -> Sequence[str]:
    return [sys.executable, "-m", "parley", *words]


def shell_of(team: Team, name: str, home: Path) -> Shell:
    """Signed in by the environment alone."""
    return Shell(home, {"PARLEY_URL": team.deployment.origin("app"), "PARLEY_TOKEN": team.bearers[name]})
