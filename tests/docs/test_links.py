"""What a document points to is there."""

import pytest

from tests.docs.reading import Document, documents, path_of
from tests.layout.sources import ROOT

# Made by set-up, by a command, or on the reader's own machine.
NOT_COMMITTED = ("build/", ".venv/", ".local/", "node_modules/", "python_modules/", ".cache/")
ALL = documents()


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.path)
def test_every_link_inside_of_the_checkout_leads_somewhere(document: Document) -> None:
    for link in document.links():
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / document.path).parent / target if target else ROOT / document.path
        assert path.exists(), f"{document.path} links to {link}"
        if anchor:
            assert anchor in Document(str(path.resolve().relative_to(ROOT))).anchors(), link


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.path)
def test_every_file_that_is_named_is_there(document: Document) -> None:
    for code in document.inline():
        path = path_of(code)
        if path is not None and not code.startswith(NOT_COMMITTED):
            assert list(ROOT.glob(code.rstrip("/"))), f"{document.path} names {code}"


def test_a_named_file_is_told_from_an_address() -> None:
    assert path_of("workers/app/entry.py") is not None
    assert path_of("GET /groups") is None
    assert path_of("text/event-stream") is None
