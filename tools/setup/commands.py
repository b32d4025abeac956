"""Runs the package managers and turns what they say into one sentence a person can act on."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.console import ToolError

OFFLINE_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ProxyError",
    "(from versions: none)",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "ENETUNREACH",
)


def run(
    command: Sequence[str | Path], *, cwd: Path, what: str, env: Mapping[str, str] | None = None, given: str = ""
) -> str:
    """What the command printed; `given` is its standard input. Raises ToolError when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout
    output = done.stdout + done.stderr
    if any(sign in output for sign in OFFLINE_SIGNS):
        raise ToolError(f"{what}: the package registry is out of reach; check the network or proxy and run it again.")
    last = "\n".join(output.strip().splitlines()[-8:])
    raise ToolError(f"{what} failed (exit code {done.returncode}); the last lines were:\n{last}")
