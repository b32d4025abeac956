"""What is left of a run: results/latest.json, a table in Markdown, and pictures (drawn by plots.py, elsewhere).

Law: pure but for the writing. A part that was not run keeps what it said last, with the date of that.
"""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.figures import Figure, Target, figure, readable

MARKS: Final = {True: "✓", False: "✗", None: ""}
Parts = dict[str, dict[str, Any]]


def as_json(figures: list[Figure], when: str, load: float, seconds: float) -> dict[str, Any]:
    """One part's entry. `load` is the machine's load average at its start: what else was going on."""
    rows = [asdict(one) | {"value": one.value, "met": one.met} for one in figures]
    return {"when": when, "load_average": load, "seconds": round(seconds, 1), "figures": rows}


def machine() -> dict[str, Any]:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    cpu = names[0].partition(":")[2].strip() if names else platform.machine()
    return {"cores": os.cpu_count(), "cpu": cpu, "system": f"{platform.system()} {platform.release()}"}


def read(path: Path) -> Parts:
    return dict(json.loads(path.read_text())["parts"]) if path.exists() else {}


def write(folder: Path, parts: Parts, where: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    whole = {"machine": where, "versions": versions, "parts": parts}
    (folder / "latest.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    (folder / "latest.md").write_text(table(parts, where, versions))


def table(parts: Parts, where: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    used = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        "# Measured by `make bench`",
        "",
        f"{where['cores']} cores, {where['cpu']}, {where['system']}. {used}.",
        "Each figure is the median of its runs, all contestants in turn on one machine; spread is lowest – highest.",
        "",
        "| what | median | spread | target | |",
        "|---|---:|---|---|---|",
    ]
    for part in parts.values():
        lines += [_row(_figure(row)) for row in part["figures"]]
    lines += ["", "| part | when | load average before | lasted |", "|---|---|---:|---:|"]
    for name, part in parts.items():
        lines.append(f"| {name} | {part['when']} | {part['load_average']:.2f} | {part['seconds']:.0f} s |")
    return "\n".join(lines) + "\n"


def _figure(row: Mapping[str, Any]) -> Figure:
    target = Target(**row["target"]) if row["target"] else None
    return figure(row["part"], row["name"], row["unit"], row["rounds"], target)


def _row(one: Figure) -> str:
    target = "" if one.target is None else f"{one.target} {one.unit}"
    return f"| {one.name} | {readable(one.value)} {one.unit} | {one.spread()} | {target} | {MARKS[one.met]} |"
