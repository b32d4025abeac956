"""What a connection is shown: the log from where it began, one after the other, to the end."""

from collections.abc import Iterator

from tools.chaos.history import EventSeen
from tools.chaos.story import Story, Visit
from tools.chaos.violation import Rule, Violation, shown


def hello_is_answered_first(story: Story) -> Iterator[Violation]:
    for visit in story.visits.values():
        for record in visit.early:
            yield Violation(Rule.BEFORE_HELLO, shown(str(record)), client=visit.said.client)


def nothing_is_skipped_or_repeated(story: Story) -> Iterator[Violation]:
    for visit in story.visits.values():
        yield from _steps(visit)


def _steps(visit: Visit) -> Iterator[Violation]:
    last = visit.start
    seen: set[int] = set()
    for event in _events(visit):
        if event.seq == last + 1:
            last = event.seq
        elif event.seq > last:
            yield _about(visit, Rule.SKIPPED, event.seq, f"{event.seq} came after {last}")
            last = event.seq
        elif event.seq in seen:
            yield _about(visit, Rule.SEEN_TWICE, event.seq, f"again, after {last}")
        else:
            yield _about(visit, Rule.WENT_BACK, event.seq, f"{event.seq} came after {last}")
        seen.add(event.seq)


def what_is_shown_is_what_is_stored(story: Story) -> Iterator[Violation]:
    for visit in story.visits.values():
        for event in [*_events(visit), *(e for e in visit.early if isinstance(e, EventSeen))]:
            stored = story.log.by_seq.get(event.seq)
            if stored is None:
                yield _about(visit, Rule.NOT_IN_LOG, event.seq, shown(event.body))
            elif stored.body != event.body:
                told = f"shown {shown(event.body)} ≠ stored {shown(stored.body)}"
                yield _about(visit, Rule.SHOWN_DIFFERS, event.seq, told)


def who_stays_hears_everything(story: Story) -> Iterator[Violation]:
    head = max(story.log.by_seq, default=0)
    for connection in sorted(story.open_at_rest):
        visit = story.visits[connection]
        last = max((event.seq for event in _events(visit)), default=visit.start)
        if last < head:
            yield _about(visit, Rule.FELL_BEHIND, last, f"heard up to {last}, the log ends at {head}")


def _events(visit: Visit) -> list[EventSeen]:
    return [record for record in visit.heard if isinstance(record, EventSeen)]


def _about(visit: Visit, rule: Rule, seq: int, told: str) -> Violation:
    said = visit.said
    return Violation(rule, f"connection {said.connection} since {said.since}: {told}", seq, said.client)
