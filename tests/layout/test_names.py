"""Files are named after one noun and open with the law they keep."""

import ast
from fnmatch import fnmatchcase

import pytest

from tests.layout.sources import Source, sources

NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}
TINY_LINES = 60
# The nouns of the App keep the law of its api.py.
LAWFUL = ("shared/*", "durable_objects/*", "workers/*/entry.py", "workers/*/api.py", "workers/*/store.py")
CORE = [s for s in sources() if s.lines > TINY_LINES and any(fnmatchcase(s.path, pattern) for pattern in LAWFUL)]


@pytest.mark.parametrize(
    "source",
    sources("shared", "durable_objects", "workers", "tools", "clients", "bench", "tests"),
    ids=lambda s: s.path,
)
def test_no_module_is_named_after_nothing(source: Source) -> None:
    assert not NAMES_OF_NOTHING & set(source.path.removesuffix(".py").split("/"))


@pytest.mark.parametrize("source", [source for source in sources() if source.text], ids=lambda s: s.path)
def test_every_file_opens_with_what_it_is(source: Source) -> None:
    assert ast.get_docstring(source.tree), f"{source.path} needs a docstring"


@pytest.mark.parametrize("source", CORE, ids=lambda s: s.path)
def test_every_core_file_opens_with_its_law(source: Source) -> None:
    law = "Law: " in (ast.get_docstring(source.tree) or "")
    assert law, f"{source.path}: say what must live here, and what it must not know"
