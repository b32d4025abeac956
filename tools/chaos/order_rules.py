"""The order of what was sent: as each client sent it, and as the world saw it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tools.chaos.ack_rules import acked
from tools.chaos.story import Attempt, Story
from tools.chaos.violation import Rule, Violation


@dataclass(frozen=True)
class Placed:
    """A message with its seq: asked for at `begun` for the first time, known to be stored at `known`."""

    client: str
    client_msg_id: str
    seq: int
    begun: int
    known: int

    def __str__(self) -> str:
        return f"{self.client_msg_id} of {self.client} at seq {self.seq}"


def placed(story: Story) -> list[Placed]:
    """Every acknowledged message, in the order of seq."""
    found = []
    for (_, message_id), attempts in story.by_key().items():
        acks = acked(attempts)
        if acks:
            begun = min(attempt.at for attempt in attempts)
            known = min(attempt.ended_at for attempt, _ in acks if attempt.ended_at is not None)
            found.append(Placed(attempts[0].invoked.client, message_id, acks[0][1].seq, begun, known))
    return sorted(found, key=lambda message: message.seq)


def who_waits_for_an_answer_is_in_order(story: Story) -> Iterator[Violation]:
    """What was acknowledged before another was even asked for stands before it: the same client's, or anybody's."""
    newest: Placed | None = None
    own: dict[str, Placed] = {}
    for message in placed(story):
        before = own.get(message.client)
        if before is not None and message.known < before.begun:
            yield _out_of_order(Rule.SENDER_ORDER, message, before)
        elif newest is not None and message.known < newest.begun:
            yield _out_of_order(Rule.REAL_TIME, message, newest)
        newest = message if newest is None or message.begun > newest.begun else newest
        own[message.client] = message if before is None or message.begun > before.begun else before


def one_socket_keeps_its_order(story: Story) -> Iterator[Violation]:
    """Sends that did not wait for each other arrive in the order of their frames."""
    by_connection: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in story.attempts.values():
        if attempt.invoked.connection is not None:
            by_connection[attempt.invoked.connection].append(attempt)
    for attempts in by_connection.values():
        highest = 0
        for attempt, ack in acked(attempts):
            if ack.duplicate:
                continue
            if ack.seq < highest:
                told = f"{attempt.invoked.client_msg_id} was sent after what is at seq {highest}, on the same socket"
                yield Violation(Rule.SENDER_ORDER, told, ack.seq, attempt.invoked.client)
            highest = max(highest, ack.seq)


def _out_of_order(rule: Rule, late: Placed, early: Placed) -> Violation:
    return Violation(rule, f"{late} was acknowledged before {early} was begun", late.seq, late.client)
