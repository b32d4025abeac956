"""Lock files pin versions and digests, and name no registry: whoever installs uses the one they trust."""

import re
from pathlib import Path

import pytest

from tests.layout.sources import ROOT

PYTHON_LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = [*PYTHON_LOCKS, ROOT / "package-lock.json", ROOT / "tests" / "interop" / "package-lock.json"]
# npm repeats in its lock file where a package asks for money; that is no place to install from.
FUNDING = re.compile(r'"funding":\s*(\{[^}]*\}|\[[^\]]*\]|"[^"]*")')


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_no_lock_file_names_a_registry(lock: Path) -> None:
    assert re.findall(r"https?://[^\s\"']+", FUNDING.sub("", lock.read_text())) == []
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", lock.read_text())


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_a_version_and_a_digest(lock: Path) -> None:
    pins = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^#.*\n", "", lock.read_text()).strip())
    assert pins
    assert [pin for pin in pins if not re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:", pin, re.DOTALL)] == []


def test_what_runs_the_stack_is_part_of_what_tests_it() -> None:
    run, dev = (pins(ROOT / "requirements" / name) for name in ("run.txt", "dev.txt"))
    assert run <= dev
    assert len(run) < len(dev)


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"(?m)^[\w.\[\]-]+==[^\s;]+", lock.read_text()))
