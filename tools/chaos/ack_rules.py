"""What an acknowledgement promises: this message is stored under this seq, now and for ever."""

from collections.abc import Iterator

from tools.chaos.history import SendAcked
from tools.chaos.story import Attempt, Story
from tools.chaos.violation import Rule, Violation, shown

Acked = list[tuple[Attempt, SendAcked]]


def acked(attempts: list[Attempt]) -> Acked:
    return [(a, a.outcome) for a in attempts if isinstance(a.outcome, SendAcked)]


def what_was_acknowledged_is_there(story: Story) -> Iterator[Violation]:
    for attempt, ack in acked([*story.attempts.values()]):
        invoked = attempt.invoked
        told = f"{invoked.client_msg_id} {shown(invoked.text)!r}"
        for log in story.logs:
            event = log.by_seq.get(ack.seq)
            if event is None:
                yield Violation(Rule.ACK_LOST, f"{told} is not in {log.source}", ack.seq, invoked.client)
            elif event.key != attempt.key or event.data.get("text") != invoked.text:
                yield Violation(Rule.ACK_WRONG, f"{told}, but there is {shown(event.body)}", ack.seq, invoked.client)


def repeats_are_told_the_same(story: Story) -> Iterator[Violation]:
    for key, attempts in story.by_key().items():
        acks = acked(attempts)
        if len({ack.seq for _, ack in acks}) > 1:
            yield _about(Rule.ACK_TWO_SEQS, f"{key[1]}: {[ack for _, ack in acks]}", acks)
        new = [(attempt, ack) for attempt, ack in acks if not ack.duplicate]
        if len(new) > 1:
            yield _about(Rule.ACK_NEW_TWICE, f"{key[1]}: {[ack for _, ack in new]}", new)


def a_duplicate_has_an_original(story: Story) -> Iterator[Violation]:
    """Another try must have been on its way before the one that is told that it came second."""
    for key, attempts in story.by_key().items():
        for attempt, ack in acked(attempts):
            others = [o for o in attempts if o is not attempt and attempt.ended_at and o.at < attempt.ended_at]
            if ack.duplicate and not others:
                yield _about(Rule.ACK_DUPLICATE_OF_NOTHING, f"{key[1]}: {ack}", [(attempt, ack)])


def _about(rule: Rule, told: str, acks: Acked) -> Violation:
    attempt, ack = acks[-1]
    return Violation(rule, told, ack.seq, attempt.invoked.client)
