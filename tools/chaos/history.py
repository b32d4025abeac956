"""What several clients noticed of one group, in the order in which they noticed it.

Law: frozen values, one class for each kind of notice. Whoever records writes down what was asked before asking, and
what was answered after hearing it: only then does the order of two records prove an order in the world.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SendInvoked:
    """A client sets out to send. `op` numbers the attempt; `connection` is None over HTTP."""

    op: int
    client: str
    user_id: str
    connection: int | None
    client_msg_id: str
    text: str


@dataclass(frozen=True)
class SendAcked:
    op: int
    seq: int
    duplicate: bool


@dataclass(frozen=True)
class SendRefused:
    """The group said no, and so has not stored it."""

    op: int
    code: str


@dataclass(frozen=True)
class SendUnknown:
    """No answer came: it may be stored, now or later, or not."""

    op: int
    reason: str


@dataclass(frozen=True)
class HelloSaid:
    """`runs` is how far the client knows each run's text, in code points."""

    connection: int
    client: str
    since: int | None
    epoch: str | None
    runs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class HelloAnswered:
    """`snapshot_seq` is None without a snapshot; `runs` are those under way, each with the length of its text."""

    connection: int
    epoch: str
    head: int
    recovered: bool
    snapshot_seq: int | None
    runs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class EventSeen:
    """`body` is the event's text, byte for byte as it came."""

    connection: int
    seq: int
    body: str


@dataclass(frozen=True)
class DeltaSeen:
    connection: int
    run_id: str
    offset: int
    text: str


@dataclass(frozen=True)
class Disconnected:
    connection: int
    reason: str


@dataclass(frozen=True)
class Settled:
    """All is quiet: whoever is still connected has been given the time to hear everything."""


@dataclass(frozen=True)
class FinalLog:
    """The whole log after the last send, as `source` gave it."""

    source: str
    bodies: tuple[str, ...]


Record = (
    SendInvoked
    | SendAcked
    | SendRefused
    | SendUnknown
    | HelloSaid
    | HelloAnswered
    | EventSeen
    | DeltaSeen
    | Disconnected
    | Settled
    | FinalLog
)
History = Sequence[Record]
