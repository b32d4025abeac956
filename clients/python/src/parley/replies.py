"""What the server answers to commands.

Law: frozen values that mirror the wire; the state machine and the room read them, nobody writes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parley.decode import decode
from parley.errors import CommandRefused, Undecodable
from parley.events import Agent, ApprovalRequested, Event, Member, Snapshot, TurnSettings, event_of


@dataclass(frozen=True, slots=True)
class GroupInfo:
    id: str
    title: str
    turns: TurnSettings = field(default_factory=TurnSettings)


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run under way: `length` code points of its text exist. It is `waiting` while people decide on its tools."""

    run_id: str
    agent_id: str
    trigger: int
    length: int
    purpose: str | None = None
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class HelloOk:
    epoch: str
    head: int
    recovered: bool
    group: GroupInfo
    you: Member
    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    runs: tuple[ActiveRun, ...]
    online: tuple[str, ...]
    reads: dict[str, int]
    session_expires_at: str
    approvals: tuple[ApprovalRequested, ...] = ()
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands in the log. `duplicate`: it stood there before this request."""

    seq: int
    ts: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Roll:
    """Who belongs to the group, and which of its people have a socket open."""

    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    online: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Events, oldest first. `more`: further ones lie beyond."""

    events: tuple[Event, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class _Refusal:
    code: str
    message: str
    temporary: bool
    retry_after_ms: int | None = None


def page_of(value: Mapping[str, Any]) -> Page:
    """Raises Undecodable."""
    events, more = value.get("events"), value.get("more")
    if not isinstance(events, list) or not isinstance(more, bool):
        raise Undecodable("a page is {events, more}")
    return Page(tuple(event_of(event) for event in events), more)


def refusal_of(value: object) -> CommandRefused:
    """Raises Undecodable."""
    refusal = decode(_Refusal, value)
    return CommandRefused(
        refusal.code, refusal.message, temporary=refusal.temporary, retry_after_ms=refusal.retry_after_ms
    )
