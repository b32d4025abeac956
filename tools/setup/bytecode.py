"""The bytecode of what every Worker imports: nearly half of a cold start's imports were compiling their sources.

It is uploaded with the packages (`python_modules.exclude` in wrangler.toml would leave it out).
"""

from pathlib import Path
from typing import Final

from tools.console import Say
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.npm import version_of
from tools.setup.shared_imports import PACKAGE_IMPORTS
from tools.setup.steps import Step, digest

HERE: Final = Path(__file__).parent
SOURCES: Final = ("bytecode.py", "compile.mjs", "compile_inside.py", "shared_imports.py")


def bytecode_step(layout: Layout) -> Step:
    def compile_them(say: Say) -> None:
        say("Pyodide, in Node")
        pyodide = layout.node_modules / "pyodide" / "pyodide.mjs"
        script, names = HERE / "compile_inside.py", ",".join(PACKAGE_IMPORTS)
        command: list[str | Path] = [
            node_of(layout).node,
            HERE / "compile.mjs",
            pyodide,
            layout.python_modules,
            script,
            names,
        ]
        say(run(command, cwd=layout.root, what="Compiling the Workers' packages").strip())

    return Step(
        "bytecode",
        "Workers' packages, compiled",
        lambda: digest([*(HERE / name for name in SOURCES), layout.stamps / "vendor", version_of(layout, "pyodide")]),
        layout.python_modules / "pydantic" / "__pycache__",
        compile_them,
    )
