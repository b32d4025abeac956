"""What happens to a group, and what a group wants done.

Law: frozen values only. A `Happening` goes into `Group.receive`; the `Effect`s that come out are run by the edge, in
their order.
"""

from dataclasses import dataclass, replace

from shared.agent_api import DeferredToolRequests
from shared.protocol import RunOutcome, Usage


@dataclass(frozen=True)
class Session:
    """One socket, as its attachment remembers it through hibernation."""

    socket_id: str
    user_id: str
    connected_ms: int
    expires_ms: int
    ready: bool = False
    access: int = 0
    """The access version of its person that it was opened under."""

    @property
    def ended(self) -> bool:
        """The server has closed it; the client may not know yet."""
        return self.expires_ms == 0

    def said_hello(self) -> "Session":
        return replace(self, ready=True)


# ── happenings ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Woke:
    """A new instance took over: whatever ran in the one before it runs no longer."""


@dataclass(frozen=True)
class Rang:
    """The alarm."""


@dataclass(frozen=True)
class Connected:
    session: Session


@dataclass(frozen=True)
class Arrived:
    """A frame; `text` is None for a binary one."""

    session: Session
    text: str | None


@dataclass(frozen=True)
class Disconnected:
    session: Session


@dataclass(frozen=True)
class Stalled:
    """A socket that does not read what it is sent."""

    session: Session


@dataclass(frozen=True)
class RunSaid:
    run_id: str
    text: str


@dataclass(frozen=True)
class RunUsed:
    """What the part of a run that is under way has used so far: kept, should it be stopped or lost."""

    run_id: str
    usage: Usage


@dataclass(frozen=True)
class RunEnded:
    """`usage` is that of the run's last part."""

    run_id: str
    outcome: RunOutcome
    usage: Usage
    error: str | None = None


@dataclass(frozen=True)
class RunDeferred:
    """A part of a run is over; it goes on when what it asks for is there."""

    run_id: str
    requests: DeferredToolRequests


Happening = Woke | Rang | Connected | Arrived | Disconnected | Stalled | RunSaid | RunUsed | RunEnded | RunDeferred


# ── effects ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Tell:
    """To one socket."""

    socket_id: str
    text: str


@dataclass(frozen=True)
class TellAll:
    """To every socket that has said hello, but for one. What is `patient` may wait a moment for its like."""

    text: str
    but: str | None = None
    patient: bool = False


@dataclass(frozen=True)
class TellReaders:
    """To those who read this run by itself; with `is_last` they have read it to its end."""

    run_id: str
    text: str
    is_last: bool = False


@dataclass(frozen=True)
class Remember:
    """Keep this session in its socket's attachment."""

    session: Session


@dataclass(frozen=True)
class Close:
    socket_id: str
    code: int
    reason: str


@dataclass(frozen=True)
class StartRun:
    run_id: str


@dataclass(frozen=True)
class StopRun:
    run_id: str


@dataclass(frozen=True)
class RingAt:
    """At this time at the latest, ring."""

    at_ms: int


@dataclass(frozen=True)
class SettleLife:
    """An archive or a deletion was begun and not finished: go on with it."""


@dataclass(frozen=True)
class KeepSession:
    """A group that sleeps will need its certificate one day: have it renewed."""


@dataclass(frozen=True)
class ReportUsage:
    """Tell the directory what agents have used."""


@dataclass(frozen=True)
class HandOver:
    """Tell the org's outbox what its webhooks want to know."""


Effect = (
    Tell
    | TellAll
    | TellReaders
    | Remember
    | Close
    | StartRun
    | StopRun
    | RingAt
    | SettleLife
    | KeepSession
    | ReportUsage
    | HandOver
)
