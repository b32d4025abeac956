"""Seats in the groups of the running stack."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.deployment import Team
from tests.e2e.seat import Seat, Sit, take_seat

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTILE = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def hostile_report(request: pytest.FixtureRequest) -> list[str]:
    """What the tests with hostile credentials have to tell at the end of the run."""
    return request.config.stash.setdefault(HOSTILE, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(HOSTILE, []):
        terminalreporter.section("hostile credentials")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
async def sit(team: Team) -> AsyncIterator[Sit]:
    """Takes a seat in a group: `await sit("ada", group_id)`. All are left at the end of the test."""
    async with AsyncExitStack() as seats:

        async def take(name: str, group_id: str, **hello: object) -> Seat:
            return await seats.enter_async_context(take_seat(team, name, group_id, **hello))

        yield take
