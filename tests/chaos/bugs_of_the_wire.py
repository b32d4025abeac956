"""Bugs in what connections are shown."""

from dataclasses import replace
from random import Random

from tests.chaos.planting import (
    Records,
    an_event,
    breaks,
    follower,
    heard,
    later_deltas,
    log_of,
    put,
    raise_no_place,
    some,
    with_log,
)
from tools.chaos.history import (
    DeltaSeen,
    EventSeen,
    HelloAnswered,
    HelloSaid,
    SendAcked,
)
from tools.chaos.violation import Rule

# ── deliveries ────────────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.WENT_BACK)
def one_observer_sees_two_events_swapped(history: Records, chance: Random) -> Records:
    at, event = some(history, EventSeen, chance, lambda e: follower(history, e) is not None)
    after = follower(history, event)
    assert after is not None
    return put(put(history, after, event), at, history[after])


@breaks(Rule.SKIPPED)
def one_observer_misses_an_event(history: Records, chance: Random) -> Records:
    at, _ = some(history, EventSeen, chance, lambda e: follower(history, e) is not None)
    return put(history, at)


@breaks(Rule.SKIPPED)
def a_hole_after_coming_back(history: Records, chance: Random) -> Records:
    """The client knew less than the group thought."""
    at, said = some(history, HelloSaid, chance, lambda said: bool(said.since) and bool(heard(history, said.connection)))
    return put(history, at, replace(said, since=(said.since or 1) - 1))


@breaks(Rule.SEEN_TWICE)
def one_observer_sees_an_event_twice(history: Records, chance: Random) -> Records:
    at, event = some(history, EventSeen, chance)
    return put(history, at, event, event)


@breaks(Rule.WENT_BACK)
def replayed_from_too_early(history: Records, chance: Random) -> Records:
    at, said = some(history, HelloSaid, chance, lambda said: bool(heard(history, said.connection)))
    first = heard(history, said.connection)[0]
    return put(history, at, replace(said, since=first.seq)) if said.since is not None else raise_no_place()


@breaks(Rule.SHOWN_DIFFERS)
def one_observer_sees_another_text(history: Records, chance: Random) -> Records:
    at, event = some(history, EventSeen, chance, lambda e: '"text":"message' in e.body)
    return put(history, at, replace(event, body=event.body.replace('"text":"message', '"text":"massage')))


@breaks(Rule.SHOWN_DIFFERS)
def one_observer_sees_it_written_differently(history: Records, chance: Random) -> Records:
    at, event = some(history, EventSeen, chance)
    return put(history, at, replace(event, body=event.body.replace(":", ": ", 1)))


@breaks(Rule.NOT_IN_LOG)
def shown_and_then_lost(history: Records, chance: Random) -> Records:
    seq = some(history, EventSeen, chance)[1].seq
    return with_log(history, log_of(history)[: seq - 1])


@breaks(Rule.FELL_BEHIND)
def who_stayed_never_got_the_last_event(history: Records, chance: Random) -> Records:
    head = len(log_of(history))
    at, _ = some(history, EventSeen, chance, lambda e: e.seq == head)
    return put(history, at)


@breaks(Rule.BEFORE_HELLO)
def events_come_before_the_reply(history: Records, chance: Random) -> Records:
    at, event = some(history, EventSeen, chance, lambda e: heard(history, e.connection)[0] == e)
    answered = next(
        n for n, r in enumerate(history) if isinstance(r, HelloAnswered) and r.connection == event.connection
    )
    rest = put(history, at)
    return [*rest[:answered], event, *rest[answered:]]


# ── resuming ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.RECOVERED_WRONGLY)
def recovered_from_a_foreign_epoch(history: Records, chance: Random) -> Records:
    at, said = some(history, HelloSaid, chance, lambda said: said.since is not None)
    return put(history, at, replace(said, epoch="epo_other"))


@breaks(Rule.RECOVERED_WRONGLY)
def recovered_out_of_nothing(history: Records, chance: Random) -> Records:
    at, answered = some(history, HelloAnswered, chance, lambda answered: not answered.recovered)
    return put(history, at, replace(answered, recovered=True))


@breaks(Rule.NOT_RECOVERED)
def thrown_back_to_a_snapshot(history: Records, chance: Random) -> Records:
    at, answered = some(history, HelloAnswered, chance, lambda answered: answered.recovered)
    return put(history, at, replace(answered, recovered=False, snapshot_seq=answered.head))


@breaks(Rule.NO_SNAPSHOT)
def a_silent_hole(history: Records, chance: Random) -> Records:
    at, answered = some(history, HelloAnswered, chance, lambda answered: not answered.recovered)
    return put(history, at, replace(answered, snapshot_seq=None))


@breaks(Rule.HEAD_WENT_BACK)
def the_group_forgets_its_newest_events(history: Records, chance: Random) -> Records:
    at, answered = some(history, HelloAnswered, chance, lambda answered: answered.head > 1)
    known = max((r.seq for r in history[: at - 1] if isinstance(r, SendAcked | EventSeen)), default=0)
    return put(history, at, replace(answered, head=known - 1)) if known else raise_no_place()


# ── deltas ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.DELTA_OVERLAP)
def a_delta_comes_twice(history: Records, chance: Random) -> Records:
    at, delta = some(history, DeltaSeen, chance)
    return put(history, at, delta, delta)


@breaks(Rule.DELTA_HOLE)
def a_delta_is_lost(history: Records, chance: Random) -> Records:
    at, _ = some(history, DeltaSeen, chance, lambda d: any(n > 0 for n in later_deltas(history, d)))
    return put(history, at)


@breaks(Rule.DELTA_TEXT)
def a_delta_says_something_else(history: Records, chance: Random) -> Records:
    at, delta = some(history, DeltaSeen, chance)
    return put(history, at, replace(delta, text=delta.text[::-1] + "?"))


@breaks(Rule.DELTA_TEXT)
def the_stored_message_is_shorter_than_what_was_shown(history: Records, chance: Random) -> Records:
    shown = {record.run_id for record in history if isinstance(record, DeltaSeen)}
    log = log_of(history)
    data = an_event(log, "message.created", chance, lambda e: e.get("run_id") in shown)["data"]
    data["text"] = data["text"][:1]
    return with_log(history, log)


@breaks(Rule.DELTA_SHORT)
def the_stored_message_is_longer_than_what_was_shown(history: Records, chance: Random) -> Records:
    log = log_of(history)
    ends = {event["seq"]: event["run_id"] for event in log if event["type"] == "run.finished"}
    shown = {(r.connection, r.run_id) for r in history if isinstance(r, DeltaSeen)}
    _, end = some(history, EventSeen, chance, lambda e: (e.connection, ends.get(e.seq)) in shown)
    an_event(log, "message.created", chance, lambda e: e.get("run_id") == ends[end.seq])["data"]["text"] += "and more"
    return with_log(history, log)
