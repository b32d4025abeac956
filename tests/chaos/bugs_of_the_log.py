"""Bugs in what is stored and acknowledged, and in which order."""

from dataclasses import replace
from random import Random

from tests.chaos.planting import Records, an_event, appended, breaks, by_a_person, log_of, put, some, with_log
from tools.chaos.history import (
    FinalLog,
    SendAcked,
    SendInvoked,
    SendRefused,
    SendUnknown,
)
from tools.chaos.violation import Rule

# ── acknowledgements ──────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.ACK_LOST)
def acknowledged_and_never_stored(history: Records, chance: Random) -> Records:
    at, record = some(history, SendUnknown, chance)
    return put(history, at, SendAcked(record.op, len(log_of(history)) + 1, duplicate=False))


@breaks(Rule.ACK_LOST)
def the_end_of_the_log_is_lost(history: Records, chance: Random) -> Records:
    _, ack = some(history, SendAcked, chance)
    return with_log(history, log_of(history)[: ack.seq - 1])


@breaks(Rule.ACK_WRONG)
def acknowledged_with_the_seq_of_another(history: Records, chance: Random) -> Records:
    at, ack = some(history, SendAcked, chance)
    _, other = some(history, SendAcked, chance, lambda other: other.seq != ack.seq)
    return put(history, at, replace(ack, seq=other.seq))


@breaks(Rule.ACK_WRONG)
def stored_with_another_text(history: Records, chance: Random) -> Records:
    _, ack = some(history, SendAcked, chance)
    log = log_of(history)
    log[ack.seq - 1]["data"]["text"] += "!"
    return with_log(history, log)


@breaks(Rule.ACK_TWO_SEQS)
def a_repeat_is_told_another_seq(history: Records, chance: Random) -> Records:
    seqs = [record.seq for record in history if isinstance(record, SendAcked)]
    at, ack = some(history, SendAcked, chance, lambda ack: ack.duplicate and seqs.count(ack.seq) > 1)
    return put(history, at, replace(ack, seq=ack.seq + 1))


@breaks(Rule.ACK_NEW_TWICE)
def a_repeat_is_told_that_it_is_new(history: Records, chance: Random) -> Records:
    seqs = {record.seq for record in history if isinstance(record, SendAcked) and not record.duplicate}
    at, ack = some(history, SendAcked, chance, lambda ack: ack.duplicate and ack.seq in seqs)
    return put(history, at, replace(ack, duplicate=False))


@breaks(Rule.ACK_DUPLICATE_OF_NOTHING)
def a_first_send_is_called_a_duplicate(history: Records, chance: Random) -> Records:
    sent = [record.client_msg_id for record in history if isinstance(record, SendInvoked)]
    once = {r.op for r in history if isinstance(r, SendInvoked) and sent.count(r.client_msg_id) == 1}
    at, ack = some(history, SendAcked, chance, lambda ack: ack.op in once)
    return put(history, at, replace(ack, duplicate=True))


# ── the log ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@breaks(Rule.STORED_TWICE)
def one_message_is_stored_twice(history: Records, chance: Random) -> Records:
    return appended(history, an_event(log_of(history), "message.created", chance, by_a_person))


@breaks(Rule.GHOST)
def nobody_sent_it(history: Records, chance: Random) -> Records:
    event = an_event(log_of(history), "message.created", chance, by_a_person)
    return appended(history, event | {"data": event["data"] | {"client_msg_id": "boo"}})


@breaks(Rule.GHOST)
def refused_and_stored_all_the_same(history: Records, chance: Random) -> Records:
    _, ack = some(history, SendAcked, chance, lambda ack: not ack.duplicate)
    mine = next(r.client_msg_id for r in history if isinstance(r, SendInvoked) and r.op == ack.op)
    ops = {r.op for r in history if isinstance(r, SendInvoked) and r.client_msg_id == mine}
    refused: Records = []
    for record in history:
        match record:
            case SendAcked(op=op) | SendUnknown(op=op) if op in ops:
                refused.append(SendRefused(op, "busy"))
            case _:
                refused.append(record)
    return refused


@breaks(Rule.LOG_GAP)
def a_seq_is_burnt(history: Records, chance: Random) -> Records:
    log = log_of(history)
    del log[chance.randrange(len(log) - 1)]
    return with_log(history, log)


@breaks(Rule.LOG_DIFFERS)
def two_readings_disagree(history: Records, chance: Random) -> Records:
    at, reading = some(history, FinalLog, chance, lambda reading: reading.source == "sqlite")
    return put(history, at, replace(reading, bodies=reading.bodies[:-1]))


@breaks(Rule.EPOCH)
def the_epoch_changes_under_way(history: Records, chance: Random) -> Records:
    log = log_of(history)
    for event in log[chance.randrange(1, len(log)) :]:
        event["epoch"] = "epo_2"
    return with_log(history, log)


@breaks(Rule.UNREADABLE)
def a_stored_event_is_cut_short(history: Records, chance: Random) -> Records:
    at, reading = some(history, FinalLog, chance)
    broken = chance.randrange(len(reading.bodies))
    bodies = [body[:-5] if n == broken else body for n, body in enumerate(reading.bodies)]
    return put(history, at, replace(reading, bodies=tuple(bodies)))


@breaks(Rule.NO_LOG)
def nobody_reads_the_log(history: Records, _: Random) -> Records:
    return [record for record in history if not isinstance(record, FinalLog)]


# ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def swapped_in_the_log(history: Records, first: int, second: int) -> Records:
    """As if the group had stored the two the other way round, and told everybody so."""
    log = log_of(history)
    log[first - 1], log[second - 1] = log[second - 1] | {"seq": first}, log[first - 1] | {"seq": second}
    other = {first: second, second: first}
    changed = with_log(history, log)
    return [replace(r, seq=other.get(r.seq, r.seq)) if isinstance(r, SendAcked) else r for r in changed]


def answered_in_turn(history: Records, chance: Random, *, same: bool) -> tuple[int, int]:
    """The seqs of two messages, the second asked for after the first was acknowledged."""
    invoked = {record.op: record for record in history if isinstance(record, SendInvoked)}
    at, first = some(history, SendAcked, chance, lambda ack: not ack.duplicate)
    later = {r.op for r in history[at:] if isinstance(r, SendInvoked)}
    sent = [r.client_msg_id for r in history if isinstance(r, SendInvoked)]

    def fits(ack: SendAcked) -> bool:
        mine, its = invoked[first.op], invoked[ack.op]
        fresh = ack.op in later and sent.count(its.client_msg_id) == 1
        return fresh and (mine.client == its.client) == same

    return first.seq, some(history, SendAcked, chance, fits)[1].seq


@breaks(Rule.SENDER_ORDER)
def a_client_is_overtaken_by_itself(history: Records, chance: Random) -> Records:
    return swapped_in_the_log(history, *answered_in_turn(history, chance, same=True))


@breaks(Rule.REAL_TIME)
def a_late_message_goes_first(history: Records, chance: Random) -> Records:
    return swapped_in_the_log(history, *answered_in_turn(history, chance, same=False))
