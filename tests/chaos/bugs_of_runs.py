"""Bugs in the life of a run."""

from random import Random

from tests.chaos.planting import Records, an_event, appended, breaks, log_of, noise, turned_to_noise, with_log
from tools.chaos.violation import Rule

# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.RUN_FINISHED_TWICE)
def a_run_ends_twice(history: Records, chance: Random) -> Records:
    return appended(history, an_event(log_of(history), "run.finished", chance))


@breaks(Rule.RUN_STARTED_TWICE)
def a_run_begins_twice(history: Records, chance: Random) -> Records:
    return appended(history, an_event(log_of(history), "run.started", chance))


@breaks(Rule.RUN_UNFINISHED)
def a_run_never_ends(history: Records, chance: Random) -> Records:
    log = log_of(history)
    return turned_to_noise(history, log, an_event(log, "run.finished", chance))


@breaks(Rule.RUN_NOT_STARTED)
def a_run_ends_that_never_began(history: Records, chance: Random) -> Records:
    log = log_of(history)
    return turned_to_noise(history, log, an_event(log, "run.started", chance))


@breaks(Rule.RUN_MISSING)
def an_agent_that_was_asked_stays_silent(history: Records, chance: Random) -> Records:
    log = log_of(history)
    run_id = an_event(log, "run.started", chance)["run_id"]
    for event in log:
        if event.get("run_id") == run_id:
            noise(event)
    return with_log(history, log)


@breaks(Rule.RUN_REPEATED)
def an_agent_answers_twice(history: Records, chance: Random) -> Records:
    log = log_of(history)
    started = an_event(log, "run.started", chance)
    for kind in ("run.started", "run.finished"):
        found = next(e for e in log if e["type"] == kind and e["run_id"] == started["run_id"])
        data = {name: value for name, value in found["data"].items() if name != "message_seq"}
        history = appended(history, found | {"run_id": "run_again", "data": data | {"run_id": "run_again"}})
    return history


@breaks(Rule.RUN_MESSAGE)
def an_ending_forgets_its_message(history: Records, chance: Random) -> Records:
    log = log_of(history)
    del an_event(log, "run.finished", chance, lambda e: "message_seq" in e["data"])["data"]["message_seq"]
    return with_log(history, log)
