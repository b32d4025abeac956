"""The documents of the API are what the code says, and the wire does not change unannounced."""

import pytest

from tests.layout.sources import ROOT
from tools.api_docs import FOLDER, generate

GENERATED = generate()


@pytest.mark.parametrize("name", [name for name in GENERATED if name != "wire.txt"])
def test_the_committed_document_is_what_the_code_says(name: str) -> None:
    path = ROOT / FOLDER / name
    assert path.exists(), "run `make docs`"
    assert path.read_text() == GENERATED[name], "run `make docs`"


def test_the_wire_changes_on_purpose_or_not_at_all() -> None:
    committed = (ROOT / FOLDER / "wire.txt").read_text()
    assert committed == GENERATED["wire.txt"], (
        "the wire has changed: clients in the field speak the old one. If that is meant, run `make docs` and say so in "
        "CHANGELOG.md"
    )


def test_nothing_else_lies_among_the_documents() -> None:
    assert sorted(path.name for path in (ROOT / FOLDER).iterdir()) == sorted(GENERATED)


def test_writing_them_twice_gives_the_same() -> None:
    assert generate() == GENERATED
