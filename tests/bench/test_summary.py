"""What the README says was measured is what was measured."""

import json
from pathlib import Path

import pytest

from bench.summary import put_into, summary

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_readme_shows_the_last_run() -> None:
    last = json.loads((ROOT / "bench" / "results" / "latest.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert put_into(readme, summary(last["parts"], last["machine"])) == readme


def test_what_was_not_measured_is_not_shown() -> None:
    with pytest.raises(KeyError):
        summary({}, {"cores": 2, "cpu": "A machine"})


def test_a_page_without_a_place_for_it_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match="no place"):
        put_into("# A page", "a table")
