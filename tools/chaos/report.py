"""What a run of chaos comes to, in figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from tools.chaos.history import (
    DeltaSeen,
    EventSeen,
    HelloAnswered,
    HelloSaid,
    Record,
    SendAcked,
    SendInvoked,
    SendRefused,
    SendUnknown,
)
from tools.chaos.round import Played
from tools.chaos.violation import Violation

VIOLATIONS_SHOWN = 20


@dataclass
class Report:
    """All rounds together."""

    seed: int | str
    counts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    duration_s: float = 0.0

    def add(self, played: Played, violations: Iterable[Violation]) -> None:
        self.violations += violations
        done = played.done
        self.counts.update({"kills": done.kills, "pauses": done.pauses, "cuts": done.cuts, "evictions": done.evictions})
        self.counts.update(name for name in map(_counted_as, played.history) if name)
        self.counts["reconnects"] += _reconnects(played.history)
        self.refusals.update(record.code for record in played.history if isinstance(record, SendRefused))
        last = played.history[-1]
        self.counts["events in the log"] += len(getattr(last, "bodies", ()))
        self.counts["runs"] += sum('"type":"run.started"' in body for body in getattr(last, "bodies", ()))
        self.counts["runs cut"] += sum('"outcome":"interrupted"' in body for body in getattr(last, "bodies", ()))

    def join(self, other: "Report") -> None:
        """What happened beside it, to another stack."""
        self.counts += other.counts
        self.refusals += other.refusals
        self.violations += other.violations

    def show(self, console: Console) -> None:
        table = Table(show_header=False, box=None, padding=(0, 2))
        for name in _ROWS:
            table.add_row(name, f"{self.counts[name]:,}")
        if self.refusals:
            table.add_row("refused because", ", ".join(f"{code} {n}" for code, n in self.refusals.most_common()))
        table.add_row("violations", f"{len(self.violations):,}")
        table.add_row("seed", str(self.seed))
        table.add_row("duration", f"{self.duration_s:.0f} s")
        console.print(table)
        for violation in self.violations[:VIOLATIONS_SHOWN]:
            console.print(f"✗ {violation}", markup=False)
        if len(self.violations) > VIOLATIONS_SHOWN:
            console.print(f"… and {len(self.violations) - VIOLATIONS_SHOWN} more")


_ROWS = (
    "kills",
    "pauses",
    "cuts",
    "evictions",
    "sends",
    "acks",
    "duplicate acks",
    "unknown outcomes",
    "refusals",
    "events in the log",
    "runs",
    "runs cut",
    "deliveries",
    "deltas",
    "connections",
    "reconnects",
)


def _counted_as(record: Record) -> str:
    match record:
        case SendInvoked():
            return "sends"
        case SendAcked():
            return "duplicate acks" if record.duplicate else "acks"
        case SendUnknown():
            return "unknown outcomes"
        case SendRefused():
            return "refusals"
        case EventSeen():
            return "deliveries"
        case DeltaSeen():
            return "deltas"
        case HelloAnswered():
            return "connections"
        case _:
            return ""


def _reconnects(history: Sequence[Record]) -> int:
    """Connections of somebody who had been there before."""
    clients = {record.connection: record.client for record in history if isinstance(record, HelloSaid)}
    joined = [clients[record.connection] for record in history if isinstance(record, HelloAnswered)]
    return len(joined) - len(set(joined))
