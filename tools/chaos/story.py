"""A history put in order: attempts to send, visits of a connection, the final logs.

Law: arranges, never judges. What a rule needs to know of time is the position of a record in the history.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.chaos.history import (
    DeltaSeen,
    Disconnected,
    EventSeen,
    FinalLog,
    HelloAnswered,
    HelloSaid,
    History,
    SendAcked,
    SendInvoked,
    SendRefused,
    SendUnknown,
    Settled,
)

Outcome = SendAcked | SendRefused | SendUnknown
Key = tuple[str, str]
"""Who sent it, and what they called it."""


@dataclass
class Attempt:
    """One try to send; `at` and `ended_at` are positions in the history."""

    invoked: SendInvoked
    at: int
    outcome: Outcome | None = None
    ended_at: int | None = None

    @property
    def key(self) -> Key:
        return self.invoked.user_id, self.invoked.client_msg_id


@dataclass
class Visit:
    """One connection from its hello on."""

    said: HelloSaid
    said_at: int
    answered: HelloAnswered | None = None
    answered_at: int | None = None
    heard: list[EventSeen | DeltaSeen] = field(default_factory=list)
    early: list[EventSeen | DeltaSeen] = field(default_factory=list)
    ended: bool = False

    @property
    def start(self) -> int:
        """The seq up to which the client knew everything once hello was answered."""
        if self.answered is None:
            return 0
        since = self.said.since if self.answered.recovered else self.answered.snapshot_seq
        return since if since is not None else self.answered.head


@dataclass(frozen=True)
class Logged:
    """One event of a final log."""

    seq: int
    epoch: str
    type: str
    actor_kind: str
    actor_id: str
    run_id: str | None
    data: Mapping[str, Any]
    body: str

    @property
    def key(self) -> Key | None:
        message_id = self.data.get("client_msg_id") if self.type == "message.created" else None
        return (self.actor_id, message_id) if isinstance(message_id, str) else None


@dataclass(frozen=True)
class Log:
    source: str
    events: tuple[Logged, ...]
    unreadable: tuple[str, ...]
    by_seq: Mapping[int, Logged]


@dataclass
class Story:
    attempts: dict[int, Attempt] = field(default_factory=dict)
    visits: dict[int, Visit] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)
    known_seqs: list[tuple[int, int]] = field(default_factory=list)
    """(position, seq): when somebody first knew for certain that so many events exist."""
    open_at_rest: set[int] = field(default_factory=set)

    @property
    def log(self) -> Log:
        return self.logs[0]

    def by_key(self) -> dict[Key, list[Attempt]]:
        found: dict[Key, list[Attempt]] = defaultdict(list)
        for attempt in self.attempts.values():
            found[attempt.key].append(attempt)
        return found


def tell(history: History) -> Story:
    """Raises KeyError when a record speaks of an attempt or a connection that none before it has begun."""
    story = Story()
    for at, record in enumerate(history):
        match record:
            case SendInvoked():
                story.attempts[record.op] = Attempt(record, at)
            case SendAcked() | SendRefused() | SendUnknown():
                _ended(story, record, at)
            case HelloSaid():
                story.visits[record.connection] = Visit(record, at)
            case HelloAnswered():
                visit = story.visits[record.connection]
                visit.answered, visit.answered_at = record, at
                _known(story, at, record.head)
            case EventSeen() | DeltaSeen():
                _heard(story, record, at)
            case Disconnected():
                story.visits[record.connection].ended = True
            case Settled():
                story.open_at_rest = {c for c, visit in story.visits.items() if visit.answered and not visit.ended}
            case FinalLog():
                story.logs.append(_log(record))
    return story


def _ended(story: Story, record: Outcome, at: int) -> None:
    attempt = story.attempts[record.op]
    attempt.outcome, attempt.ended_at = record, at
    if isinstance(record, SendAcked):
        _known(story, at, record.seq)


def _heard(story: Story, record: EventSeen | DeltaSeen, at: int) -> None:
    visit = story.visits[record.connection]
    (visit.early if visit.answered is None else visit.heard).append(record)
    if isinstance(record, EventSeen):
        _known(story, at, record.seq)


def _known(story: Story, at: int, seq: int) -> None:
    if not story.known_seqs or story.known_seqs[-1][1] < seq:
        story.known_seqs.append((at, seq))


def _log(record: FinalLog) -> Log:
    events: list[Logged] = []
    unreadable: list[str] = []
    for body in record.bodies:
        try:
            events.append(_logged(body))
        except (ValueError, KeyError, TypeError):
            unreadable.append(body)
    return Log(record.source, tuple(events), tuple(unreadable), {event.seq: event for event in events})


def _logged(body: str) -> Logged:
    event = json.loads(body)
    actor = event["actor"]
    return Logged(
        seq=int(event["seq"]),
        epoch=str(event["epoch"]),
        type=str(event["type"]),
        actor_kind=str(actor["kind"]),
        actor_id=str(actor["id"]),
        run_id=event.get("run_id"),
        data=dict(event["data"]),
        body=body,
    )
