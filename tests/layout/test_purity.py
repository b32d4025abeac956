"""Everything but the edge runs under plain Python; pyproject.toml says where the edge is, by lifting ruff's TID251."""

import tomllib
from fnmatch import fnmatchcase
from itertools import chain

import pytest

from tests.layout.sources import ROOT, Source, sources

PLATFORM = {"js", "pyodide", "workers"}


def edge_patterns() -> list[str]:
    ignores = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["per-file-ignores"]
    lifted = [
        pattern
        for pattern, rules in ignores.items()
        if "TID251" in rules and not pattern.startswith(("tests/", "bench/"))
    ]
    return list(chain.from_iterable(expanded(pattern) for pattern in lifted))


def expanded(pattern: str) -> list[str]:
    """`a/{b,c}.py` is a/b.py and a/c.py; fnmatch knows no braces."""
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    names, _, tail = rest.partition("}")
    return [f"{head}{name}{tail}" for name in names.split(",")]


EDGE_PATTERNS = edge_patterns()
SOURCES = sources()


def is_edge(source: Source) -> bool:
    return source.text != "" and any(fnmatchcase(source.path, pattern) for pattern in EDGE_PATTERNS)


EDGE_MODULES = {source.module for source in SOURCES if is_edge(source)}


def platform_reach(source: Source) -> set[str]:
    """What this file imports of the platform or of the edge."""
    return {name for name in source.imported() if name.split(".")[0] in PLATFORM or name in EDGE_MODULES}


@pytest.mark.parametrize("source", [s for s in SOURCES if not is_edge(s)], ids=lambda s: s.path)
def test_a_pure_file_imports_neither_the_platform_nor_the_edge(source: Source) -> None:
    assert platform_reach(source) == set(), f"{source.path} is pure: hand it a port instead"


@pytest.mark.parametrize("source", [s for s in SOURCES if is_edge(s)], ids=lambda s: s.path)
def test_a_file_of_the_edge_has_a_reason_to_be_there(source: Source) -> None:
    assert platform_reach(source), f"{source.path} needs no platform: take it out of pyproject.toml"


@pytest.mark.parametrize("pattern", EDGE_PATTERNS)
def test_every_pattern_of_the_edge_still_finds_a_file(pattern: str) -> None:
    assert any(fnmatchcase(source.path, pattern) for source in SOURCES)


def test_the_folder_workers_never_becomes_a_package() -> None:
    assert not (ROOT / "workers" / "__init__.py").exists(), "it would hide the SDK's own package `workers`"
