"""Lets the package carry the project's verifier of archives, as it stands in the checkout that it is built from.

`parley verify` imports it under its own names from this one folder; nothing of it is importable otherwise.
"""

import ast
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CHECKOUT = Path(__file__).resolve().parents[2]
WANTED = ("tools.verify", "tools.es256", "shared.tokens")
OURS = ("tools", "shared")


class BuildWithVerifier(build_py):
    def run(self) -> None:
        super().run()
        for path in needed(WANTED):
            target = Path(self.build_lib) / "parley" / "verifier" / path.relative_to(CHECKOUT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def needed(modules: "tuple[str, ...]") -> "set[Path]":
    """The files of these modules and of all they import of ours, with the packages they lie in."""
    found: set[Path] = set()
    open_paths = [path for name in modules for path in files_of(name)]
    while open_paths:
        path = open_paths.pop()
        if path not in found:
            found.add(path)
            open_paths += [other for name in imported(path) for other in files_of(name)]
    return found


def files_of(module: str) -> "list[Path]":
    parts = module.split(".")
    if parts[0] not in OURS:
        return []
    packages = [CHECKOUT.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    file = CHECKOUT.joinpath(*parts).with_suffix(".py")
    return [path for path in (*packages, file) if path.is_file()]


def imported(path: Path) -> "set[str]":
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


setup(cmdclass={"build_py": BuildWithVerifier})
