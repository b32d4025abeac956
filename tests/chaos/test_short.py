"""A moment under fire on the real runtime; `make chaos` is the long one, and `.ci/run` has 50 kills of it."""

import secrets

import pytest

from tools.chaos.main import run

KILLS = 6


@pytest.mark.e2e
def test_no_promise_is_broken_while_the_runtime_is_killed_again_and_again() -> None:
    report = run(KILLS, seed=secrets.randbelow(10**9), stacks=1)
    told = "\n".join(str(violation) for violation in report.violations)
    assert not report.violations, f"seed {report.seed}\n{told}"
    assert report.counts["kills"] == KILLS
    assert report.counts["acks"] > KILLS
    assert report.counts["reconnects"] > KILLS
