from pathlib import Path

import pytest

from tests.layout.sources import ROOT
from tools.lanes import SEARCHES_LOGS, lanes, run_tests


def test_every_test_runs_in_exactly_one_lane_but_the_search_of_the_logs() -> None:
    first, rest = lanes(ROOT)
    assert rest[-1] == SEARCHES_LOGS
    for path in (ROOT / "tests").rglob("test_*.py"):
        if "node_modules" not in path.parts:
            assert len([lane for lane in (*first, *rest[:-1]) if path.is_relative_to(ROOT / lane)]) == 1, path
    file, _, name = SEARCHES_LOGS.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()


def test_a_failure_in_either_lane_is_the_failure_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which are not needed here, and take seconds to import.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def project(first: str, second: str) -> Path:
        root = tmp_path / f"{first}-{second}"
        for folder, outcome in (("e2e", first), ("unit", second)):
            (root / "tests" / folder).mkdir(parents=True)
            (root / "tests" / folder / "__init__.py").touch()
            (root / "tests" / folder / f"test_{folder}.py").write_text(f"def test_it():\n    assert {outcome}\n")
        name = SEARCHES_LOGS.partition("::")[2]
        (root / "tests" / "e2e" / "test_canary.py").write_text(f"def {name}():\n    pass\n")
        return root

    assert [run_tests(project(*outcomes), ()) for outcomes in (("True", "True"), ("True", "False"))] == [0, 1]
    assert run_tests(project("False", "True"), ()) == 1
    assert run_tests(project("False", "False"), ("tests/e2e/test_canary.py",)) == 0
