"""The runtime bundle: the one file from which workerd starts Python, built from npm's `pyodide`."""

from pathlib import Path
from typing import Any

import capnp

from tools.console import Say
from tools.setup.layout import Layout
from tools.setup.npm import version_of
from tools.setup.pyodide_edits import fit_to_workerd
from tools.setup.steps import Step, digest

HERE = Path(__file__).parent
PREFIX = "pyodideRuntime-internal:"


def bundle_step(layout: Layout) -> Step:
    sources = [HERE / "bundle.py", HERE / "pyodide_edits.py", HERE / "pyodide_bundle.capnp"]

    def build(say: Say) -> None:
        version = version_of(layout, "pyodide")
        say(f"Pyodide {version}")
        content = bundle(layout.node_modules / "pyodide", version)
        layout.bundle.parent.mkdir(parents=True, exist_ok=True)
        layout.bundle.write_bytes(content)
        say(f"Pyodide {version}, {len(content) / 1e6:.1f} MB")

    return Step(
        "bundle",
        "Python runtime for workerd",
        lambda: digest([*sources, version_of(layout, "pyodide")]),
        layout.bundle,
        build,
    )


def bundle(pyodide: Path, version: str) -> bytes:
    loader = fit_to_workerd((pyodide / "pyodide.asm.mjs").read_text(), version)
    modules = [
        {"name": PREFIX + "pyodide.asm", "src": loader.encode()},
        {"name": PREFIX + "pyodide.asm.wasm", "wasm": (pyodide / "pyodide.asm.wasm").read_bytes()},
        {"name": PREFIX + "python_stdlib.zip", "data": (pyodide / "python_stdlib.zip").read_bytes()},
    ]
    schema: Any = capnp.load(str(HERE / "pyodide_bundle.capnp"))
    message = schema.Bundle.new_message(modules=[{**module, "type": "internal"} for module in modules])
    content: bytes = message.to_bytes()
    return content
