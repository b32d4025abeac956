"""What the reply to hello promises: exactly the gap, or openly a fresh start."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from tools.chaos.history import HelloAnswered
from tools.chaos.story import Story, Visit
from tools.chaos.violation import Rule, Violation

LONGEST_GAP_EVENTS: Final = 50_000


def a_gap_is_exact_or_said_to_be_gone(story: Story) -> Iterator[Violation]:
    for visit in story.visits.values():
        if visit.answered is not None:
            yield from _judge(visit, visit.answered)


def _judge(visit: Visit, answered: HelloAnswered) -> Iterator[Violation]:
    since, epoch = visit.said.since, visit.said.epoch
    known = since is not None and epoch in (None, answered.epoch) and since <= answered.head
    if answered.recovered and (not known or answered.snapshot_seq is not None):
        yield _about(visit, answered, Rule.RECOVERED_WRONGLY)
    if not answered.recovered and known and since is not None and answered.head - since <= LONGEST_GAP_EVENTS:
        yield _about(visit, answered, Rule.NOT_RECOVERED)
    if not answered.recovered and answered.snapshot_seq != answered.head:
        yield _about(visit, answered, Rule.NO_SNAPSHOT)


def the_head_never_goes_back(story: Story) -> Iterator[Violation]:
    """Whatever anybody knew before this client said hello is behind the head that it is told."""
    moments = [at for at, _ in story.known_seqs]
    for visit in story.visits.values():
        before = bisect_right(moments, visit.said_at)
        if visit.answered is not None and before and visit.answered.head < story.known_seqs[before - 1][1]:
            told = f", but {story.known_seqs[before - 1][1]} was known"
            yield _about(visit, visit.answered, Rule.HEAD_WENT_BACK, told)


def _about(visit: Visit, answered: HelloAnswered, rule: Rule, more: str = "") -> Violation:
    return Violation(rule, f"{visit.said} was answered by {answered}{more}", answered.head, visit.said.client)
