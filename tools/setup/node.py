"""A Node new enough for wrangler: the machine's own, or the one PyPI ships, inside .venv."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.console import Say, ToolError
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.steps import Step, digest

OLDEST = (22, 12)

# The program itself: what is called `node` on PATH or in .venv is often a launcher that starts it as a child, and
# then a signal would end the launcher only.
PROBE = "process.stdout.write(JSON.stringify([process.execPath, process.versions.node]))"


@dataclass(frozen=True)
class Node:
    """How to run Node and npm; `npm` needs Node's folder first on PATH."""

    node: str
    npm: str
    version: str


def node_step(layout: Layout) -> Step:
    lock = layout.root / "requirements" / "node.txt"

    def key() -> str:
        # .venv is made anew when its own lock changes, and then Node is gone from it.
        return digest([lock, sys.version, str(found("node")), str(found(layout.venv_bin / "node"))])

    def install(say: Say) -> None:
        node = usable(shutil.which("node"), shutil.which("npm"))
        if node is None:
            say("from the Python package index")
            pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
            run([*pip, "-r", lock], cwd=layout.root, what="Installing Node")
            node = usable(str(layout.venv_bin / "node"), str(layout.venv_bin / "npm"))
        if node is None:
            raise ToolError("Node >= 22.12 is needed and none could be installed; put one on PATH and run it again.")
        layout.node_record.write_text(json.dumps(asdict(node)))
        place = "in .venv" if node.npm.startswith(str(layout.venv_bin)) else "the machine's own"
        say(f"{node.version}, {place}")

    return Step("node", "Node", key, layout.node_record, install)


def found(name: str | Path) -> Path | None:
    """The file behind the name, so that an upgrade in place (a link that moved) is seen."""
    path = shutil.which(name)
    return None if path is None else Path(path).resolve()


def usable(node: str | None, npm: str | None) -> Node | None:
    # Debian packages npm apart from node; one without the other is of no use.
    if node is None or npm is None:
        return None
    try:
        printed = subprocess.run([node, "-e", PROBE], capture_output=True, text=True, check=True, timeout=20).stdout
        program, version = json.loads(printed)
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            return None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Node(program, npm, version)


def node_of(layout: Layout) -> Node:
    """What set-up has settled on."""
    if not layout.node_record.exists():
        raise ToolError("The local runtime is not set up yet; run `make setup`.")
    return Node(**json.loads(layout.node_record.read_text()))
