"""What a month on Cloudflare would cost: prices × use. `python -m bench.bill` prints the table of docs/cost.md.

Law: pure arithmetic. Prices are those of the public list on the day named below; use is what was measured here, or an
assumption that says so. `tests/bench/test_bill.py` holds the document against this file.
"""

from dataclasses import dataclass
from typing import Final

PRICES_OF: Final = "2026-11-24"
DAYS: Final = 30
OBJECT_GB: Final = 0.128
_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars a million units beyond what the Workers Paid plan includes in a month."""

    name: str
    unit: str
    included: float
    per_million: float

    def of(self, used: float) -> float:
        return max(used - self.included, 0) / _MILLION * self.per_million


PLAN: Final = 5.0
WORKER_REQUESTS: Final = Price("Workers: requests from outside", "requests", 10 * _MILLION, 0.30)
WORKER_CPU: Final = Price("Workers: CPU", "ms", 30 * _MILLION, 0.02)
OBJECT_REQUESTS: Final = Price("Durable Objects: requests", "requests", _MILLION, 0.15)
OBJECT_DURATION: Final = Price("Durable Objects: duration", "GB-s", 400_000, 12.50)
ROWS_READ: Final = Price("Durable Objects: rows read", "rows", 25_000 * _MILLION, 0.001)
ROWS_WRITTEN: Final = Price("Durable Objects: rows written", "rows", 50 * _MILLION, 1.00)
STORED: Final = Price("Durable Objects: stored after a month", "MB", 5000, 200.0)
DIRECTORY_READ: Final = Price("D1: rows read", "rows", 25_000 * _MILLION, 0.001)
ARCHIVES: Final = Price("R2: stored after a month", "MB", 10_000, 15.0)


@dataclass(frozen=True)
class Town:
    """Who uses it, and how much; a day's figures are a group's."""

    groups: int = 1000
    people: int = 10
    messages_a_day: int = 200
    answers_a_day: int = 20
    joins_a_day: int = 40
    """Assumed: each person opens the room four times."""
    hours_connected: int = 8
    """Assumed: so long a day somebody is in the room. Keep-alives are answered without waking the object."""
    answer_s: float = 6.0
    """Assumed: how long a model takes to finish; the object stays awake for it."""


@dataclass(frozen=True)
class Measured:
    """On the machine of bench/results/latest.md: `make bench`, and the counts of tests/durable_objects/test_cost.py."""

    message_awake_ms: float
    answer_cpu_ms: float
    join_cpu_ms: float
    message_rows: float = 3.1
    """The event, its index entry, its share of the search index."""
    answer_rows: float = 70
    join_rows_read: float = 60
    """The newest 50 messages and what belongs to them."""
    join_directory_rows: float = 8
    event_bytes: float = 700
    """All of it, indexes included; the archive's share of that is a fifth."""


@dataclass(frozen=True)
class Line:
    price: Price
    used: float

    @property
    def dollars(self) -> float:
        return self.price.of(self.used)


def bill(town: Town, measured: Measured, *, hibernates: bool = True) -> list[Line]:
    """A month's lines. Without hibernation an object is paid for as long as somebody is connected."""
    days = town.groups * DAYS
    messages, answers, joins = days * town.messages_a_day, days * town.answers_a_day, days * town.joins_a_day
    awake_s = messages * measured.message_awake_ms / 1000 + answers * town.answer_s
    if not hibernates:
        awake_s = days * town.hours_connected * 3600.0
    events = messages + answers * 3
    return [
        # Calls over service bindings are not requests.
        Line(WORKER_REQUESTS, joins * 2),
        Line(WORKER_CPU, joins * measured.join_cpu_ms + answers * measured.answer_cpu_ms),
        # Twenty incoming frames count as one request; a join is a signed call and a socket, an answer a signed call
        # and an alarm.
        Line(OBJECT_REQUESTS, messages / 20 + joins * 2 + answers * 2),
        Line(OBJECT_DURATION, awake_s * OBJECT_GB),
        Line(ROWS_READ, joins * measured.join_rows_read),
        Line(ROWS_WRITTEN, messages * measured.message_rows + answers * measured.answer_rows),
        Line(STORED, events * measured.event_bytes / _MILLION),
        Line(DIRECTORY_READ, joins * measured.join_directory_rows),
        Line(ARCHIVES, events * measured.event_bytes / _MILLION / 5),
    ]


def total(lines: list[Line]) -> float:
    return PLAN + sum(line.dollars for line in lines)


def table(lines: list[Line]) -> str:
    rows = ["| what | used | included | price | dollars |", "|---|---:|---:|---|---:|"]
    for line in lines:
        price, unit = line.price, line.price.unit
        of = f"${price.per_million:g} a million {unit}"
        rows.append(f"| {price.name} | {line.used:,.0f} {unit} | {price.included:,.0f} | {of} | {line.dollars:.2f} |")
    rows.append(f"| the Workers Paid plan | | | | {PLAN:.2f} |")
    rows.append(f"| **together** | | | | **{total(lines):.2f}** |")
    return "\n".join(rows)


MEASURED: Final = Measured(message_awake_ms=10, answer_cpu_ms=30, join_cpu_ms=12)

if __name__ == "__main__":
    print(table(bill(Town(), MEASURED)))  # noqa: T201 -- what it is for
