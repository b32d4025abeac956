import io
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from tools.stage import Stage, StepFailed, expect


def plain(width: int = 60) -> tuple[Stage, io.StringIO]:
    shown = io.StringIO()
    return Stage(Console(file=shown, width=width)), shown


async def pieces() -> AsyncIterator[str]:
    for piece in ("**One**\n", "two"):
        yield piece


def test_a_step_that_holds_is_counted_and_marked() -> None:
    stage, shown = plain()
    with stage.step("Water is wet") as found:
        found("three drops")
    assert stage.checks == 1
    assert "✓  Water is wet  three drops · " in shown.getvalue()


def test_a_step_that_does_not_hold_is_named_with_what_was_found() -> None:
    stage, shown = plain()
    with pytest.raises(StepFailed) as failed, stage.step("Water is dry"):
        expect(False, "it is wet")
    assert (failed.value.step, failed.value.detail) == ("Water is dry", "it is wet")
    assert "✗  Water is dry  it is wet" in shown.getvalue()
    assert stage.checks == 0


def test_any_failure_inside_a_step_is_the_steps() -> None:
    stage, _ = plain()
    with pytest.raises(StepFailed, match="ZeroDivisionError"), stage.step("Divide"):
        _ = 1 / 0


def test_text_wraps_beside_its_number() -> None:
    stage, shown = plain(30)
    stage.said("Ada", 12, "one two three four five six seven")
    first, second, *_ = shown.getvalue().splitlines()
    assert first.startswith("  #12  Ada  one")
    assert second.startswith(" " * 7 + "f")


async def test_without_a_terminal_a_stream_is_plain_text() -> None:
    stage, shown = plain()
    assert await stage.speaks("Scribe", pieces()) == 2
    assert shown.getvalue().splitlines()[1:] == ["       **One**", "       two"]
    assert "\x1b" not in shown.getvalue()


async def test_on_a_terminal_a_stream_is_rendered() -> None:
    shown = io.StringIO()
    stage = Stage(Console(file=shown, width=60, force_terminal=True))
    await stage.speaks("Scribe", pieces())
    assert "**" not in shown.getvalue()
