"""Files and functions stay small enough to be read at one go."""

from statistics import median

import pytest

from tests.layout.sources import Source, sources

FILE_LIMIT_LINES = 400
MEDIAN_FILE_LINES = 150
CONTROLLER_LIMIT_LINES = 120
MEDIAN_FUNCTION_LINES = 8
NINE_IN_TEN_LINES = 35
ALL = [
    source
    for source in sources("shared", "durable_objects", "workers", "tools", "clients", "bench", "tests")
    if source.text
]


@pytest.mark.parametrize("source", ALL, ids=lambda s: s.path)
def test_no_file_is_longer_than_400_lines(source: Source) -> None:
    assert source.lines <= FILE_LIMIT_LINES, (
        f"{source.path} has {source.lines} lines: which noun wants a file of its own?"
    )


def test_the_group_controller_stays_a_thin_edge() -> None:
    lines = Source("durable_objects/group_controller.py").lines
    assert lines <= CONTROLLER_LIMIT_LINES, (
        f"group_controller.py has {lines} lines, {lines - CONTROLLER_LIMIT_LINES} too many: it turns callbacks into "
        "happenings and runs effects; wiring and rules have other homes"
    )


def test_half_of_the_files_have_at_most_150_lines() -> None:
    assert median(source.lines for source in ALL) <= MEDIAN_FILE_LINES


def test_half_of_the_functions_have_at_most_8_lines() -> None:
    assert median(lines for _, lines in functions()) <= MEDIAN_FUNCTION_LINES, longest()


def test_nine_functions_in_ten_have_at_most_35_lines() -> None:
    lengths = sorted(lines for _, lines in functions())
    assert lengths[len(lengths) * 9 // 10] <= NINE_IN_TEN_LINES, longest()


def functions() -> list[tuple[str, int]]:
    return [function for source in sources() for function in source.functions()]


def longest() -> str:
    worst = sorted(functions(), key=lambda found: -found[1])[:15]
    return "the longest functions:\n" + "\n".join(f"{lines:4} {name}" for name, lines in worst)
