"""Runs: asked for once, started once, finished once, with the message in between."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tools.chaos.story import Logged, Story
from tools.chaos.violation import Rule, Violation, shown


def by_run(story: Story) -> dict[str, list[Logged]]:
    """The events of each run, in their order."""
    found: dict[str, list[Logged]] = defaultdict(list)
    for event in story.log.events:
        if event.run_id is not None:
            found[event.run_id].append(event)
    return found


def a_run_has_one_beginning_and_one_end(story: Story) -> Iterator[Violation]:
    for run_id, events in by_run(story).items():
        starts, ends = (_of(events, kind) for kind in ("run.started", "run.finished"))
        told = f"{run_id}: {[(event.seq, event.type) for event in events]}"
        if len(starts) > 1:
            yield Violation(Rule.RUN_STARTED_TWICE, told, starts[1].seq)
        if events[0].type != "run.started":
            yield Violation(Rule.RUN_NOT_STARTED, told, events[0].seq)
        if not ends:
            yield Violation(Rule.RUN_UNFINISHED, told, events[-1].seq)
        if len(ends) > 1:
            yield Violation(Rule.RUN_FINISHED_TWICE, told, ends[1].seq)


def its_message_is_where_its_ending_says(story: Story) -> Iterator[Violation]:
    for run_id, events in by_run(story).items():
        messages = [event.seq for event in _of(events, "message.created")]
        for end in _of(events, "run.finished"):
            named = end.data.get("message_seq")
            if messages != ([] if named is None else [named]) or any(seq > end.seq for seq in messages):
                told = f"{run_id} has messages at {messages}, its ending says {shown(end.body)}"
                yield Violation(Rule.RUN_MESSAGE, told, end.seq)


def who_is_asked_answers_once(story: Story) -> Iterator[Violation]:
    ran = Counter(
        (event.data.get("trigger"), event.data.get("agent_id"))
        for event in story.log.events
        if event.type == "run.started"
    )
    for event in story.log.events:
        if event.type == "message.created" and event.actor_kind == "user":
            for agent_id in _asked(event):
                yield from _answers(event, agent_id, ran[(event.seq, agent_id)])


def _answers(event: Logged, agent_id: str, runs: int) -> Iterator[Violation]:
    if runs != 1:
        rule = Rule.RUN_REPEATED if runs else Rule.RUN_MISSING
        yield Violation(rule, f"{runs} runs of {agent_id} for {shown(event.body)}", event.seq)


def _asked(event: Logged) -> list[str]:
    return [mention["id"] for mention in event.data.get("mentions", []) if mention["kind"] == "agent"]


def _of(events: list[Logged], kind: str) -> list[Logged]:
    return [event for event in events if event.type == kind]
