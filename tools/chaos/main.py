"""`make chaos`: people talk while the stack is killed, paused and cut; then the history is judged.

Law: exit code 0 only when every kill was done and no promise was broken. Rounds of ROUND_KILLS kills each have a group
of their own: a log stays short enough to be read whole, and what is wrong is known at the end of the round. Most of a
kill is the runtime's start, which keeps one core busy, so that several stacks side by side are done sooner.
"""

import asyncio
import json
import multiprocessing
import os
import secrets
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final

import typer

from tools.chaos.checker import check
from tools.chaos.report import Report
from tools.chaos.round import READERS, WRITERS, Played, play
from tools.chaos.town import Town, town
from tools.console import out

ROOT: Final = Path(__file__).resolve().parent.parent.parent
EVIDENCE: Final = ROOT / ".local" / "chaos"
ROUND_KILLS: Final = 50
FULL_KILLS: Final = 1000
SHORT_KILLS: Final = 50
NAMES: Final = [f"writer{n}" for n in range(WRITERS)] + [f"reader{n}" for n in range(READERS)]

app = typer.Typer(add_completion=False)


@app.command()
def chaos(
    kills: int = FULL_KILLS, seed: int | None = None, stacks: int = os.cpu_count() or 1, *, short: bool = False
) -> None:
    """Break the stack again and again, and prove from what its clients saw that no promise was broken."""
    wanted = SHORT_KILLS if short else kills
    report = run(wanted, seed if seed is not None else secrets.randbelow(10**9), stacks)
    report.show(out)
    raise typer.Exit(0 if report.counts["kills"] >= wanted and not report.violations else 1)


def run(kills: int, seed: int, stacks: int) -> Report:
    """All the kills, shared out among so many stacks. No round begins once any of them has broken a promise."""
    report, started, stacks = Report(seed), time.monotonic(), max(min(stacks, kills), 1)
    spawn = multiprocessing.get_context("spawn")
    broken = spawn.Event()
    shares = [kills // stacks + (number < kills % stacks) for number in range(stacks)]
    with ProcessPoolExecutor(stacks, spawn, initializer=_begin, initargs=(broken,)) as side_by_side:
        for share in side_by_side.map(_share, shares, [f"{seed}/{number}" for number in range(stacks)]):
            report.join(share)
    report.duration_s = time.monotonic() - started
    return report


_broken: Event


def _begin(broken: Event) -> None:
    global _broken  # noqa: PLW0603 -- a process pool hands an event to its processes only as they start
    _broken = broken


def _share(kills: int, seed: str) -> Report:
    """What one stack goes through."""
    report = Report(seed)
    with tempfile.TemporaryDirectory(prefix="parley-chaos-") as scratch, town(ROOT, Path(scratch), NAMES) as here:
        while report.counts["kills"] < kills and not _broken.is_set():
            if not _round(here, report, min(ROUND_KILLS, kills - report.counts["kills"])):
                break
            if report.violations:
                _broken.set()
    return report


def _round(here: Town, report: Report, kills: int) -> bool:
    """Whether all its kills were done."""
    started = time.monotonic()
    seed = f"{report.seed}/{report.counts['kills']}"
    played = asyncio.run(play(here.new_group(f"Chaos {seed}"), kills, seed))
    violations = check(played.history)
    report.add(played, violations)
    if violations:
        _keep(played, seed)
    lasted_s = time.monotonic() - started
    out.print(
        f"  {played.done.kills} kills, {len(played.history)} records, {len(violations)} violations, {lasted_s:.0f} s"
    )
    return played.done.kills >= kills


def _keep(played: Played, seed: str) -> None:
    """The whole history of a round that went wrong, for whoever looks for the reason."""
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    path = EVIDENCE / f"{seed.replace('/', '-')}.ndjson"
    lines = (json.dumps({"record": type(record).__name__} | asdict(record)) for record in played.history)
    path.write_text("\n".join(lines) + "\n")
    out.print(f"  the whole history is in {path.relative_to(ROOT)}", markup=False)


def main() -> None:
    app()
