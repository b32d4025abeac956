"""A turn's stream: in order, ended by exactly one terminal event, closed with its reader."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from agents.providers import Ending, Piece
from agents.run import Stage, turn
from shared.agent_api import RunError, RunEvent, RunResult
from shared.errors import Unavailable
from shared.log import Log
from shared.protocol import Usage
from tests.agents.fakes import FakeProvider
from tests.agents.turns import request, said

ASKED = request(said(3, "ada", "Hello"))
ENDING = Ending(Usage(requests=1), "length")


@dataclass
class Run:
    pieces: tuple[Piece | Exception, ...]
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = FakeProvider([self.pieces])

    def events(self) -> AsyncGenerator[RunEvent]:
        return turn(ASKED, Stage({"stub": self.provider}, Log(self.logged.append, lambda: 0, "agents")))

    async def all(self) -> list[RunEvent]:
        return [event async for event in self.events()]


def kinds(events: list[RunEvent]) -> list[str]:
    return [event.event_kind for event in events]


async def test_an_answer_is_its_pieces_and_their_sum() -> None:
    events = await Run(("Hel", "lo", ENDING)).all()
    assert kinds(events) == [
        *("part_start", "final_result", "part_delta", "part_delta", "part_end", "agent_run_result"),
    ]
    assert isinstance(events[-1], RunResult)
    result = events[-1].result
    assert (result.output, result.usage, result.finish_reason) == ("Hello", ENDING.usage, "length")


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Unavailable("Try later", reason="status 500"), "unavailable"), (ValueError("key"), "agent_failed")],
)
async def test_a_failure_is_the_last_event_and_its_reason_stays_in_the_log(failure: Exception, code: str) -> None:
    run = Run(("Hel", failure))
    *_, last = await run.all()
    assert isinstance(last, RunError)
    assert last.code == code
    assert "500" not in last.message
    assert "key" not in last.message
    assert len(run.logged) == 1
    assert code in run.logged[0]


async def test_closing_the_turn_closes_the_provider() -> None:
    run = Run(("Hel", "lo", ENDING))
    events = run.events()
    for _ in range(3):
        await anext(events)
    assert not run.provider.closed
    await events.aclose()
    assert run.provider.closed
