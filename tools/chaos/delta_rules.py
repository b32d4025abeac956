"""The text of a run while it grows: piece after piece on each connection, and in the end the message that is stored."""

from collections.abc import Iterator

from tools.chaos.history import DeltaSeen, EventSeen
from tools.chaos.story import Logged, Story, Visit
from tools.chaos.violation import Rule, Violation, shown


def pieces_add_up_to_the_message(story: Story) -> Iterator[Violation]:
    finals = {e.run_id: str(e.data.get("text")) for e in story.log.events if e.run_id and e.type == "message.created"}
    for visit in story.visits.values():
        if visit.answered is not None:
            yield from _Reading(visit, finals, story).go()


class _Reading:
    """One connection's view of all runs: how much of each text it has been shown."""

    def __init__(self, visit: Visit, finals: dict[str, str], story: Story) -> None:
        self._visit = visit
        self._finals = finals
        self._log = story.log.by_seq
        answered = visit.answered
        known = dict(visit.said.runs)
        self._head = answered.head if answered else 0
        # A run under way is told from where the client knows it; one that starts later from its beginning.
        self._shown = {run: min(known.get(run, 0), length) for run, length in (answered.runs if answered else ())}

    def go(self) -> Iterator[Violation]:
        for record in self._visit.heard:
            match record:
                case DeltaSeen():
                    yield from self._delta(record)
                case EventSeen() if record.seq in self._log:
                    yield from self._event(self._log[record.seq])
                case EventSeen():
                    pass

    def _delta(self, delta: DeltaSeen) -> Iterator[Violation]:
        expected = self._shown.get(delta.run_id, 0)
        if delta.offset != expected:
            rule = Rule.DELTA_HOLE if delta.offset > expected else Rule.DELTA_OVERLAP
            yield self._about(rule, delta.run_id, f"offset {delta.offset} came at {expected}")
        # A text of nothing but white space becomes no message.
        final = self._finals.get(delta.run_id)
        end = delta.offset + len(delta.text)
        part = final[delta.offset : end] if final is not None else delta.text if not delta.text.strip() else ""
        if part != delta.text:
            told = f"at {delta.offset} was shown {shown(delta.text)!r}, stored is {shown(part)!r}"
            yield self._about(Rule.DELTA_TEXT, delta.run_id, told)
        self._shown[delta.run_id] = max(expected, end)

    def _event(self, event: Logged) -> Iterator[Violation]:
        """A run that was followed to its end has been shown whole; one that is only replayed may show nothing."""
        if event.run_id is None or event.seq <= self._head:
            return
        if event.type == "run.started":
            self._shown.setdefault(event.run_id, 0)
        elif event.type == "run.finished" and event.run_id in self._shown:
            length = len(self._finals.get(event.run_id, ""))
            if self._shown[event.run_id] < length:
                told = f"{self._shown[event.run_id]} of {length} code points at its end"
                yield self._about(Rule.DELTA_SHORT, event.run_id, told, event.seq)

    def _about(self, rule: Rule, run_id: str, told: str, seq: int | None = None) -> Violation:
        said = self._visit.said
        return Violation(rule, f"connection {said.connection}, {run_id}: {told}", seq, said.client)
