"""The bill is arithmetic that can be checked by hand, and the document says what it says."""

import dataclasses
from pathlib import Path

import pytest

from bench.bill import MEASURED, OBJECT_DURATION, PLAN, PRICES_OF, ROWS_WRITTEN, Line, Price, Town, bill, table, total

DOCUMENT = (Path(__file__).resolve().parent.parent.parent / "docs" / "cost.md").read_text()
NOBODY = Town(groups=0)


def line(lines: list[Line], price: Price) -> Line:
    return next(each for each in lines if each.price is price)


@pytest.mark.parametrize(("used", "dollars"), [(0, 0), (10, 0), (1_000_010, 2.0)])
def test_only_what_goes_beyond_the_plan_is_paid_for(used: float, dollars: float) -> None:
    assert Price("x", "x", included=10, per_million=2.0).of(used) == dollars


def test_a_deployment_that_nobody_uses_costs_the_plan() -> None:
    assert total(bill(NOBODY, MEASURED)) == PLAN


def test_an_object_that_cannot_hibernate_is_paid_for_as_long_as_somebody_is_there() -> None:
    awake = line(bill(Town(), MEASURED, hibernates=False), OBJECT_DURATION)
    assert awake.used == pytest.approx(1000 * 30 * 8 * 3600 * 0.128)


def test_rows_are_those_of_messages_and_of_answers() -> None:
    quiet = dataclasses.replace(Town(), answers_a_day=0)
    rows = line(bill(quiet, MEASURED), ROWS_WRITTEN).used
    assert rows == pytest.approx(1000 * 30 * 200 * MEASURED.message_rows)


def test_the_document_has_the_table_the_total_and_the_day_of_the_prices() -> None:
    lines = bill(Town(), MEASURED)
    assert table(lines) in DOCUMENT, "run `python -m bench.bill` and put the table into docs/cost.md"
    assert PRICES_OF in DOCUMENT
    assert f"${total(bill(Town(), MEASURED, hibernates=False)):,.0f}" in DOCUMENT
