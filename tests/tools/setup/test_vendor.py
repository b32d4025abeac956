"""What Workers carry is what locks name: always one, and those of the extras that somebody asked for."""

from pathlib import Path

import pytest

from tools.console import ToolError
from tools.setup.vendor import worker_locks

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def checkout(folder: Path, extras: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.parley]\nworker_extras = {extras}\n")
    (folder / "requirements").mkdir()
    for name in ("worker", "worker-pydantic-ai"):
        (folder / "requirements" / f"{name}.txt").touch()
    return folder


@pytest.mark.parametrize(
    ("extras", "locks"), [("[]", ["worker.txt"]), ('["pydantic-ai"]', ["worker.txt", "worker-pydantic-ai.txt"])]
)
def test_an_extra_is_a_further_lock(tmp_path: Path, extras: str, locks: list[str]) -> None:
    assert [lock.name for lock in worker_locks(checkout(tmp_path, extras))] == locks


def test_an_extra_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"requirements/worker-langchain\.txt"):
        worker_locks(checkout(tmp_path, '["langchain"]'))


def test_nothing_is_carried_that_nobody_asked_for() -> None:
    assert [lock.name for lock in worker_locks(ROOT)] == ["worker.txt"]


def test_an_extra_is_the_version_that_is_tested_under_cpython() -> None:
    def pinned(lock: str) -> set[str]:
        lines = (ROOT / "requirements" / lock).read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pinned("worker-pydantic-ai.txt") <= pinned("dev.txt")
