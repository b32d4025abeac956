"""Planting bugs: a bug changes a valid history as one broken promise would, and names the rule that must find it.

Law: a bug looks for its place by chance, and raises NoPlace when the history has none.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

from tools.chaos.history import (
    DeltaSeen,
    Disconnected,
    EventSeen,
    FinalLog,
    HelloAnswered,
    Record,
    Settled,
)
from tools.chaos.violation import Rule

R = TypeVar("R")
Records = list[Record]
Event = dict[str, Any]
Plant = Callable[[Records, Random], Records]


class NoPlace(Exception):
    """This history gives the bug nothing to happen to."""


@dataclass(frozen=True)
class Bug:
    rule: Rule
    plant: Plant

    def __str__(self) -> str:
        return self.plant.__name__


BUGS: list[Bug] = []


def breaks(rule: Rule) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        BUGS.append(Bug(rule, plant))
        return plant

    return register


# ── finding a place ───────────────────────────────────────────────────────────────────────────────────────────────────


def some(history: Records, kind: type[R], chance: Random, fits: Callable[[R], bool] = lambda _: True) -> tuple[int, R]:
    places = [(at, record) for at, record in enumerate(history) if isinstance(record, kind) and fits(record)]
    if not places:
        raise NoPlace
    return chance.choice(places)


def put(history: Records, at: int, *records: Record) -> Records:
    """With these in place of the one at `at`."""
    return [*history[:at], *records, *history[at + 1 :]]


def log_of(history: Records) -> list[Event]:
    return [json.loads(body) for record in history if isinstance(record, FinalLog) for body in record.bodies][
        : len(next(record.bodies for record in history if isinstance(record, FinalLog)))
    ]


def text(event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def with_log(history: Records, log: list[Event]) -> Records:
    """The group's log was `log` for all: final readings and, where the seq is still there, what was shown."""
    bodies = {event["seq"]: text(event) for event in log}
    changed: Records = []
    for record in history:
        match record:
            case FinalLog():
                changed.append(replace(record, bodies=tuple(text(event) for event in log)))
            case EventSeen():
                changed.append(replace(record, body=bodies.get(record.seq, record.body)))
            case _:
                changed.append(record)
    return changed


def an_event(log: list[Event], kind: str, chance: Random, fits: Callable[[Event], bool] = lambda _: True) -> Event:
    found = [event for event in log if event["type"] == kind and fits(event)]
    if not found:
        raise NoPlace
    return chance.choice(found)


def appended(history: Records, event: Event) -> Records:
    """One more event at the end of the log, shown to all who are still there."""
    log = log_of(history)
    event = event | {"seq": len(log) + 1}
    settled = next(at for at, record in enumerate(history) if isinstance(record, Settled))
    gone = {record.connection for record in history if isinstance(record, Disconnected)}
    here = [r.connection for r in history if isinstance(r, HelloAnswered) and r.connection not in gone]
    shown = [EventSeen(connection, event["seq"], text(event)) for connection in here]
    return with_log([*history[:settled], *shown, *history[settled:]], [*log, event])


# ── small things ──────────────────────────────────────────────────────────────────────────────────────────────────────


def by_a_person(event: Event) -> bool:
    return bool(event["actor"]["kind"] == "user")


def heard(history: Records, connection: int) -> list[EventSeen]:
    return [record for record in history if isinstance(record, EventSeen) and record.connection == connection]


def follower(history: Records, event: EventSeen) -> int | None:
    """Where the same connection is shown the next event."""
    return next(
        (
            at
            for at, record in enumerate(history)
            if isinstance(record, EventSeen) and (record.connection, record.seq) == (event.connection, event.seq + 1)
        ),
        None,
    )


def later_deltas(history: Records, delta: DeltaSeen) -> list[int]:
    """The offsets at which the same connection is told more of the same run."""
    return [
        record.offset
        for record in history
        if isinstance(record, DeltaSeen)
        and (record.connection, record.run_id) == (delta.connection, delta.run_id)
        and record.offset > delta.offset
    ]


def noise(event: Event) -> None:
    event.pop("run_id", None)
    event.update(type="group.updated", data={"title": "Test"})


def turned_to_noise(history: Records, log: list[Event], event: Event) -> Records:
    noise(event)
    return with_log(history, log)


def raise_no_place() -> Records:
    raise NoPlace
