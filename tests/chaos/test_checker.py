"""The checker finds every planted bug by its rule, and finds nothing where nothing is."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, randoms

# Importing them is what fills BUGS.
from tests.chaos import bugs_of_runs, bugs_of_the_log, bugs_of_the_wire  # noqa: F401
from tests.chaos.model import Model
from tests.chaos.planting import BUGS, Bug, NoPlace
from tools.chaos.checker import check
from tools.chaos.violation import Rule

LIVES = 12
STEPS = 250


@settings(max_examples=150, deadline=None, derandomize=True)
@given(randoms(use_true_random=True), integers(1, 600))
def test_a_life_in_which_every_promise_was_kept_is_not_accused(chance: Random, steps: int) -> None:
    assert check(Model(chance).play(steps)) == []


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_planted_bug_is_found_by_its_rule(bug: Bug) -> None:
    found = 0
    for seed in range(LIVES):
        chance = Random(seed)  # noqa: S311 -- the same life again tomorrow
        history = Model(chance).play(STEPS)
        try:
            bugged = bug.plant(history, chance)
        except NoPlace:
            continue
        violations = check(bugged)
        assert bug.rule in {violation.rule for violation in violations}, f"seed {seed}: {violations}"
        assert all(violation.evidence for violation in violations)
        found += 1
    assert found > LIVES / 2


def test_every_rule_has_a_planted_bug() -> None:
    assert {bug.rule for bug in BUGS} == set(Rule)
