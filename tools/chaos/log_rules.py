"""The log itself: one, without a gap, and nothing in it that nobody sent."""

from collections.abc import Iterator
from itertools import pairwise

from tools.chaos.history import SendRefused
from tools.chaos.story import Attempt, Key, Log, Logged, Story
from tools.chaos.violation import Rule, Violation, shown


def a_log_was_read(story: Story) -> Iterator[Violation]:
    if not story.logs:
        yield Violation(Rule.NO_LOG, "the history ends without one")
    for log in story.logs:
        for body in log.unreadable:
            yield Violation(Rule.UNREADABLE, f"{log.source}: {shown(body)}")


def seq_has_no_gap(story: Story) -> Iterator[Violation]:
    for log in story.logs:
        seqs = [0, *(event.seq for event in log.events)]
        for before, after in pairwise(seqs):
            if after != before + 1:
                yield Violation(Rule.LOG_GAP, f"{log.source}: {after} follows {before}", after)


def readings_agree(story: Story) -> Iterator[Violation]:
    for other in story.logs[1:]:
        yield from _differences(story.log, other)


def _differences(one: Log, other: Log) -> Iterator[Violation]:
    for seq in sorted(one.by_seq.keys() | other.by_seq.keys()):
        bodies = [log.by_seq[seq].body if seq in log.by_seq else "nothing" for log in (one, other)]
        if bodies[0] != bodies[1]:
            told = f"{one.source}: {shown(bodies[0])} ≠ {other.source}: {shown(bodies[1])}"
            yield Violation(Rule.LOG_DIFFERS, told, seq)


def there_is_one_epoch(story: Story) -> Iterator[Violation]:
    epochs = {event.epoch: event.seq for event in reversed(story.log.events)}
    if len(epochs) > 1:
        yield Violation(Rule.EPOCH, f"epoch → first seq in the log: {epochs}")
    for visit in story.visits.values():
        if visit.answered is not None and epochs and visit.answered.epoch not in epochs:
            told = f"hello was answered with {visit.answered.epoch}, the log has {[*epochs]}"
            yield Violation(Rule.EPOCH, told, client=visit.said.client)


def a_message_is_stored_once(story: Story) -> Iterator[Violation]:
    first: dict[Key, int] = {}
    for event in story.log.events:
        if event.key is not None and first.setdefault(event.key, event.seq) != event.seq:
            told = f"{event.key[1]} is at {first[event.key]} and at {event.seq}: {shown(event.body)}"
            yield Violation(Rule.STORED_TWICE, told, event.seq, event.key[0])


def every_message_was_sent(story: Story) -> Iterator[Violation]:
    attempts = story.by_key()
    for event in story.log.events:
        if event.type == "message.created" and event.actor_kind == "user":
            tries = attempts.get(event.key, []) if event.key else []
            if not any(_may_have_become(attempt, event) for attempt in tries):
                told = f"{len(tries)} tries under this id, none of them this text and not refused: {shown(event.body)}"
                yield Violation(Rule.GHOST, told, event.seq)


def _may_have_become(attempt: Attempt, event: Logged) -> bool:
    return attempt.invoked.text == event.data.get("text") and not isinstance(attempt.outcome, SendRefused)
