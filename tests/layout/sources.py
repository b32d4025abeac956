"""The product's Python files, as the layout rules look at them."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("shared", "durable_objects", "workers")


@dataclass(frozen=True)
class Source:
    path: str
    """Relative to the checkout, with slashes."""

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def module(self) -> str:
        """The name by which others import it: `app.api` for workers/app/api.py."""
        parts = self.path.removesuffix(".py").removesuffix("/__init__").removeprefix("workers/").split("/")
        return ".".join(parts)

    def imported(self) -> set[str]:
        """Modules named by import statements anywhere in the file, with those that `from x import y` may mean."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        return found

    def functions(self) -> list[tuple[str, int]]:
        """Every function's name and how many lines it has."""
        return [
            (f"{self.path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]


@cache
def source(path: str) -> Source:
    """The same one each time: it is read and parsed once."""
    return Source(path)


def sources(*folders: str) -> list[Source]:
    """The Python files of these folders of the checkout, those of the product when none is named."""
    return [
        source(path.relative_to(ROOT).as_posix())
        for folder in folders or PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    ]
