"""What the README shows of a run: messages a second beside the others', and what else has a target.

Law: pure but for the writing. Everything comes from results/latest.json; a figure that is not in it is an error.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.figures import Target, readable
from bench.report import MARKS, Parts

BEGIN: Final = "<!-- what `make bench` measured last -->"
END: Final = "<!-- until here -->"
SOCKETS: Final = (2, 20, 100, 500)
CONTESTANTS: Final = ("Parley", "partyserver", "bare JavaScript object", "FastAPI + uvicorn")
FANOUT: Final = "fanout"
# The table of the README is read by people: what has a target, in their words.
ROWS: Final[dict[str, tuple[str, str]]] = {
    "latency, one message in flight, 20 sockets, Parley ÷ partyserver: p50": ("latency", "Parley ÷ partyserver, p50"),
    "the same: p99": ("latency", "Parley ÷ partyserver, p99"),
    "from hibernation to a reply": ("wake", "asleep to reply, warm isolate"),
    "10,000 missed events, caught up with": ("resume", "10,000 missed events, all shown in order"),
    "appending to a group of a million events, against one of a hundred": (
        "growth",
        "append: from 100 to 1,000,000 events, dearest ÷ first",
    ),
    "5 agents × 50 tokens/s to 100 viewers: age of a token when it is shown, p99": (
        "tokens",
        "5 runs × 50 tokens/s, 100 viewers: age of a token when it is shown, p99",
    ),
    "the same: CPU of all Workers together": (
        "tokens",
        "5 runs × 50 tokens/s, 100 viewers: CPU of all Workers together",
    ),
    "first token, on top of the provider's own": (
        "first",
        "first token: what our chain adds to the provider's own, p50",
    ),
    "routing tokens issued, 16 connections": ("http", "POST /groups/{id}/token, 16 connections"),
    "one credential verified in a Worker, p99": ("verify", "one routing token, p99 of means of 20"),
    "archiving 100,000 messages": ("archive", "100,000 messages"),
    "the largest Python heap of all Workers": ("footprint", "the largest Python heap of all Workers"),
}


def summary(parts: Parts, where: Mapping[str, Any]) -> str:
    """Two tables in Markdown. Raises KeyError for a figure that was not measured."""
    found = {(part, row["name"]): row for part, entry in parts.items() for row in entry["figures"]}
    lines = [
        f"Medians of one run of `make bench` on {where['cores']} cores ({where['cpu']}), all in turn. Messages a",
        "second with 64 in flight, each checked, stored and shown to everybody in the room:",
        "",
        f"| sockets in the room | {' | '.join(map(str, SOCKETS))} |",
        f"|---|{'---:|' * len(SOCKETS)}",
    ]
    for who in CONTESTANTS:
        rates = [readable(found[FANOUT, f"{who}, {sockets} sockets"]["value"]) for sockets in SOCKETS]
        lines.append(f"| {who} | {' | '.join(rates)} |")
    lines += ["", "| | measured | target | |", "|---|---:|---:|---|"]
    fanout = {
        f"Parley against partyserver, {n} sockets": (FANOUT, f"Parley ÷ partyserver, {n} sockets") for n in SOCKETS
    }
    for words, place in {**fanout, **ROWS}.items():
        row = found[place]
        target = f"{Target(**row['target'])} {row['unit']}"
        lines.append(f"| {words} | {readable(row['value'])} {row['unit']} | {target} | {MARKS[row['met']]} |")
    return "\n".join(lines) + "\n"


def put_into(page: str, text: str) -> str:
    """`page` with `text` between its marks. Raises ValueError where they are not."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for what was measured")
    return f"{head}{BEGIN}\n\n{text}\n{END}{tail}"


def write_into(page: Path, parts: Parts, where: Mapping[str, Any]) -> None:
    page.write_text(put_into(page.read_text(), summary(parts, where)))
