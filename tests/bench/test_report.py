"""What is left of a run can be read by people and by programs, and a part that was not run again keeps its word."""

import json
from pathlib import Path

from bench.figures import at_least, figure
from bench.report import as_json, read, write

MACHINE = {"cores": 2, "cpu": "A machine", "system": "Linux 6"}


def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    entry = as_json([figure("fanout", "n", "×", [1.0, 2.0, 3.0], at_least(1.5))], "2026-11-24", 0.5, 10.0)
    write(tmp_path, {"fanout": entry}, MACHINE, {"workerd": "1"})
    assert read(tmp_path / "latest.json") == json.loads(json.dumps({"fanout": entry}))
    assert read(tmp_path / "absent.json") == {}


def test_the_table_has_median_spread_target_and_whether_it_is_met(tmp_path: Path) -> None:
    good = figure("fanout", "good", "×", [1.0, 2.0, 3.0], at_least(1.5))
    bad = figure("fanout", "bad", "×", [1.0], at_least(1.5))
    write(tmp_path, {"fanout": as_json([good, bad], "2026-11-24", 0.5, 10.0)}, MACHINE, {"workerd": "1"})
    lines = (tmp_path / "latest.md").read_text().splitlines()
    assert "| good | 2 × | 1 – 3, 3 runs | ≥ 1.5 × | ✓ |" in lines
    assert "| bad | 1 × | one run | ≥ 1.5 × | ✗ |" in lines
    assert "| fanout | 2026-11-24 | 0.50 | 10 s |" in lines
