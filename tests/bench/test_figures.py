"""A figure is the median of its runs, told with its spread and held against its target."""

import pytest

from bench.figures import Target, at_least, at_most, figure, percentile, readable
from bench.main import wanted
from bench.parts import PARTS
from tools.console import ToolError


def test_a_figure_is_the_median_of_its_runs() -> None:
    assert figure("p", "n", "ms", [9.0, 1.0, 2.0]).value == 2.0


def test_the_spread_says_how_many_runs_there_were() -> None:
    assert figure("p", "n", "ms", [9.0, 1.0, 2.0]).spread() == "1 – 9, 3 runs"
    assert figure("p", "n", "ms", [9.0]).spread() == "one run"


TARGETS = [(at_least(2), True), (at_most(2), True), (at_least(3), False), (None, None)]


@pytest.mark.parametrize(("target", "met"), TARGETS)
def test_a_target_is_met_by_the_median(target: Target | None, met: bool | None) -> None:
    assert figure("p", "n", "×", [1.0, 2.0, 50.0], target).met is met


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (51, 100, 100)
    assert percentile([7.0], 0.99) == 7.0


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1234"), (12.345, "12.3"), (0.12345, "0.123")])
def test_a_figure_is_read_with_three_digits(value: float, text: str) -> None:
    assert readable(value) == text


def test_parts_are_chosen_by_name_and_a_wrong_name_is_an_error() -> None:
    assert wanted("") == list(PARTS)
    assert wanted("wake, fanout") == ["wake", "fanout"]
    with pytest.raises(ToolError, match="no part 'fan-out'"):
        wanted("fan-out")
