"""Judges a recorded history, in the manner of Jepsen: not how the group did it, but whether it can be told otherwise.

Law: pure. A history goes in, a list of violations comes out; an empty one means that every promise was kept.
"""

from typing import Final

from tools.chaos import ack_rules, delivery_rules, delta_rules, log_rules, order_rules, resume_rules, run_rules
from tools.chaos.history import History
from tools.chaos.story import tell
from tools.chaos.violation import Check, Violation

WITHOUT_A_LOG: Final[tuple[Check, ...]] = (
    log_rules.a_log_was_read,
    ack_rules.repeats_are_told_the_same,
    ack_rules.a_duplicate_has_an_original,
    order_rules.who_waits_for_an_answer_is_in_order,
    order_rules.one_socket_keeps_its_order,
    delivery_rules.hello_is_answered_first,
    delivery_rules.nothing_is_skipped_or_repeated,
    resume_rules.a_gap_is_exact_or_said_to_be_gone,
    resume_rules.the_head_never_goes_back,
)
AGAINST_THE_LOG: Final[tuple[Check, ...]] = (
    log_rules.seq_has_no_gap,
    log_rules.readings_agree,
    log_rules.there_is_one_epoch,
    log_rules.a_message_is_stored_once,
    log_rules.every_message_was_sent,
    ack_rules.what_was_acknowledged_is_there,
    delivery_rules.what_is_shown_is_what_is_stored,
    delivery_rules.who_stays_hears_everything,
    run_rules.a_run_has_one_beginning_and_one_end,
    run_rules.its_message_is_where_its_ending_says,
    run_rules.who_is_asked_answers_once,
    delta_rules.pieces_add_up_to_the_message,
)


def check(history: History) -> list[Violation]:
    """Every promise that this history breaks. Raises KeyError when the history itself was badly recorded."""
    story = tell(history)
    checks = WITHOUT_A_LOG + (AGAINST_THE_LOG if story.logs else ())
    return [violation for check_one in checks for violation in check_one(story)]
