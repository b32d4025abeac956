"""The pinned wrangler of this checkout, run without anybody at the keyboard.

Law: a secret is given on standard input, never as an argument; what wrangler says is shown only when it fails.
"""

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.node import node_of

RunWrangler = Callable[[Sequence[str], str], str]
"""Arguments, and what it reads from standard input; gives what it printed. Raises ToolError."""
TIME_LIMIT_S: Final = 600
_SIGNED_OUT: Final = ("CLOUDFLARE_API_TOKEN", "not authenticated", "wrangler login", "[code: 10000]")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_OFFLINE: Final = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "fetch failed")


def wrangler(root: Path, config: Path | None = None) -> RunWrangler:
    """Of this checkout; with `config` in place of wrangler.toml."""
    chosen = [] if config is None else ["-c", str(config)]
    quiet = {
        "CI": "true",
        "NO_COLOR": "1",
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_LOG_PATH": str(Layout(root).cache / "wrangler-logs"),
    }

    def run(arguments: Sequence[str], given: str) -> str:
        program = root / "node_modules" / "wrangler" / "bin" / "wrangler.js"
        done = subprocess.run(
            [node_of(Layout(root)).node, str(program), *arguments, *chosen],
            cwd=root,
            env={**os.environ, **quiet},
            input=given,
            text=True,
            capture_output=True,
            check=False,
            timeout=TIME_LIMIT_S,
        )
        if done.returncode != 0:
            raise ToolError(reason(arguments, done.stdout + done.stderr))
        return done.stdout

    return run


def reason(arguments: Sequence[str], output: str) -> str:
    """A failed command in a sentence, with wrangler's own last lines where those have to say why."""
    if any(sign in output for sign in _SIGNED_OUT):
        return "Cloudflare does not know you here: set CLOUDFLARE_API_TOKEN, or run `npx wrangler login` once."
    if any(sign in output for sign in _OFFLINE):
        return "Cloudflare's API is out of reach; check the network or proxy and run it again."
    last = "\n".join(_COLOURS.sub("", output).strip().splitlines()[-8:])
    command = " ".join(part for part in arguments[:3] if not part.startswith("-"))
    return f"wrangler {command} failed; its last lines were:\n{last}"
