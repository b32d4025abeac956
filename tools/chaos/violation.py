"""What a history can be found guilty of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tools.chaos.story import Story

SHOWN_CHARS = 300


class Rule(StrEnum):
    """Each is a sentence that must hold; its text is the name of breaking it."""

    # the log
    NO_LOG = "no final log was read"
    UNREADABLE = "an event of the log cannot be read"
    LOG_GAP = "seq is not 1, 2, 3 …"
    LOG_DIFFERS = "two readings of the final log differ"
    EPOCH = "the epoch changed"
    STORED_TWICE = "one client_msg_id is stored twice"
    GHOST = "a message that nobody sent"
    # acknowledgements
    ACK_LOST = "an acknowledged message is not in the log"
    ACK_WRONG = "the acknowledged seq holds something else"
    ACK_TWO_SEQS = "two acknowledgements of one message differ in their seq"
    ACK_NEW_TWICE = "one message is acknowledged as new twice"
    ACK_DUPLICATE_OF_NOTHING = "a first send is acknowledged as a duplicate"
    # order
    SENDER_ORDER = "one client's messages are out of order"
    REAL_TIME = "a message stands before one that was acknowledged earlier"
    # deliveries
    BEFORE_HELLO = "an event came before the reply to hello"
    SKIPPED = "a connection skipped events"
    SEEN_TWICE = "a connection was shown an event twice"
    WENT_BACK = "a connection went back"
    NOT_IN_LOG = "an event that was shown is not in the log"
    SHOWN_DIFFERS = "an event was shown differently"
    FELL_BEHIND = "a connection that stayed open never got the newest events"
    # resuming
    RECOVERED_WRONGLY = "recovered without an exact gap"
    NOT_RECOVERED = "not recovered although the gap was there"
    NO_SNAPSHOT = "neither gap nor snapshot"
    HEAD_WENT_BACK = "the head is behind what was acknowledged or shown before"
    # runs
    RUN_STARTED_TWICE = "a run started twice"
    RUN_NOT_STARTED = "a run spoke or ended without having started"
    RUN_UNFINISHED = "a run never finished"
    RUN_FINISHED_TWICE = "a run finished twice"
    RUN_MESSAGE = "a run's message and its ending do not belong together"
    RUN_MISSING = "an agent was asked and never ran"
    RUN_REPEATED = "an agent ran twice for one message"
    # deltas
    DELTA_OVERLAP = "a delta repeats what was shown"
    DELTA_HOLE = "a delta leaves something out"
    DELTA_TEXT = "a delta is not part of the final message"
    DELTA_SHORT = "a run ended before its whole text was shown"


@dataclass(frozen=True)
class Violation:
    rule: Rule
    evidence: str
    seq: int | None = None
    client: str | None = None

    def __str__(self) -> str:
        where = [f"seq {self.seq}" if self.seq is not None else "", self.client or ""]
        return f"{self.rule.name} ({self.rule}) {', '.join(filter(None, where))}: {self.evidence}"


Check = Callable[[Story], Iterable[Violation]]


def shown(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
