"""What is shown is what was counted, and a broken promise is shown with its evidence and the seed."""

import io

from rich.console import Console

from tools.chaos.faults import Done
from tools.chaos.history import FinalLog, HelloAnswered, HelloSaid, SendAcked, SendInvoked, SendRefused
from tools.chaos.report import Report
from tools.chaos.round import Played
from tools.chaos.violation import Rule, Violation

HISTORY = (
    HelloSaid(1, "ada", 0, None),
    HelloAnswered(1, "epo", 0, recovered=True, snapshot_seq=None),
    HelloSaid(2, "ada", 0, None),
    HelloAnswered(2, "epo", 0, recovered=True, snapshot_seq=None),
    SendInvoked(1, "ada", "usr_ada", 2, "m1", "hello"),
    SendAcked(1, 1, duplicate=False),
    SendInvoked(2, "ada", "usr_ada", 2, "m2", "hello"),
    SendRefused(2, "conflict"),
    FinalLog("storage", ('{"type":"run.started"}',)),
)


def test_the_figures_are_counted_and_a_violation_is_told_with_its_evidence() -> None:
    report = Report(seed=77)
    report.add(Played(HISTORY, Done(kills=3)), [Violation(Rule.ACK_LOST, "m1 is not there", 1, "ada")])
    counted = {name: report.counts[name] for name in ("kills", "sends", "acks", "refusals", "reconnects", "runs")}
    assert counted == {"kills": 3, "sends": 2, "acks": 1, "refusals": 1, "reconnects": 1, "runs": 1}
    text = io.StringIO()
    report.show(Console(file=text, width=120))
    for part in ("77", "conflict 1", "ACK_LOST", "m1 is not there", "seq 1, ada"):
        assert part in text.getvalue()


def test_what_several_stacks_went_through_is_one_report() -> None:
    whole, left, right = Report(seed=77), Report(seed="77/0"), Report(seed="77/1")
    left.add(Played(HISTORY, Done(kills=3)), [Violation(Rule.ACK_LOST, "m1 is not there", 1, "ada")])
    right.add(Played(HISTORY, Done(kills=4)), [Violation(Rule.LOG_GAP, "2 is not there", 2, "bob")])
    for share in (left, right):
        whole.join(share)
    assert whole.counts["kills"] == 7
    assert whole.refusals == {"conflict": 2}
    assert [violation.rule for violation in whole.violations] == [Rule.ACK_LOST, Rule.LOG_GAP]
