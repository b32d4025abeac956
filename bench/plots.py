"""Draws results/latest.json. Runs in the benchmarks' own environment, which has matplotlib: `plots.py FOLDER`."""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

COLOURS = {
    "Parley": "#c2410c",
    "partyserver": "#1d4ed8",
    "bare JavaScript object": "#60a5fa",
    "FastAPI + uvicorn": "#15803d",
}
Series = dict[str, list[tuple[float, float, float, float]]]


def series(figures: list[dict[str, Any]], pattern: str) -> Series:
    """name → (x, median, lowest, highest) of the figures whose name matches; its groups are the name and x."""
    found: Series = defaultdict(list)
    for row in figures:
        match = re.fullmatch(pattern, row["name"])
        if match:
            x = float(match["x"].replace(",", ""))
            found[match["name"]].append((x, row["value"], min(row["rounds"]), max(row["rounds"])))
    return found


def draw(path: Path, found: Series, title: str, x_label: str, y_label: str) -> None:
    if not found:
        return
    figure, axes = plt.subplots(figsize=(7.2, 4.2), dpi=144)
    for name, points in found.items():
        xs, medians, lows, highs = zip(*points, strict=True)
        colour = COLOURS.get(name)
        axes.plot(xs, medians, marker="o", label=name, color=colour)
        axes.fill_between(xs, lows, highs, alpha=0.15, color=colour)
    axes.set(xscale="log", yscale="log", title=title, xlabel=x_label, ylabel=y_label)
    ticks = sorted({x for points in found.values() for x, *_ in points})
    axes.set_xticks(ticks, [f"{x:,.0f}" for x in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def main(folder: Path) -> None:
    parts = json.loads((folder / "latest.json").read_text())["parts"]
    rows = [row for part in parts.values() for row in part["figures"]]
    names = "|".join(map(re.escape, COLOURS))
    fanout = series(rows, rf"(?P<name>{names}), (?P<x>\d+) sockets")
    draw(folder / "fanout.png", fanout, "Messages, each shown to everybody", "sockets in the room", "messages/s")
    growth = series(rows, r"(?P<name>append|join), (?P<x>[\d,]+) events in the group")
    draw(folder / "growth.png", growth, "A group that grows", "events in the group", "ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
