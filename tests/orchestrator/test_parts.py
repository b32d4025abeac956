import itertools
from collections.abc import AsyncIterator, Mapping

import pytest

from durable_objects.calls import ControllerCall
from orchestrator.parts import checks
from shared.checkup import Checks
from shared.errors import NotFound, ParleyError, Unavailable
from shared.ports import Reply
from tests.fakes import FakeDatabase, FakeReplayGuard
from tests.orchestrator.office import NOW_S, FakeControllers


class Empty:
    """A bucket with nothing in it."""

    async def read(self, key: str) -> AsyncIterator[bytes] | None:
        assert key == "healthz"
        return None


class Agents:
    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        del method, target, headers, body
        return Reply(200, b"")


class Answering(FakeControllers):
    """Group Controllers that all answer with this failure, or as if everything were there."""

    def __init__(self, failure: ParleyError | None) -> None:
        super().__init__()
        self._failure = failure

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        if self._failure is not None:
            raise self._failure
        return await super().ask(group_id, call)


def parts_with(failure: ParleyError | None, guard: FakeReplayGuard | None = None, jti: str | None = None) -> Checks:
    database, jtis = FakeDatabase(), itertools.count()
    return checks(
        database,
        Empty(),
        Agents(),
        Answering(failure),
        guard or FakeReplayGuard(),
        lambda: jti or str(next(jtis)),
        lambda: NOW_S * 1000,
    )


async def test_everything_is_well_when_a_controller_knows_no_such_group() -> None:
    for check in parts_with(NotFound()).values():
        await check()


@pytest.mark.parametrize("failure", [None, Unavailable()])
async def test_a_controller_that_answers_anything_else_is_not_well(failure: ParleyError | None) -> None:
    with pytest.raises(Unavailable):
        await parts_with(failure)["group controller"]()


async def test_a_replay_guard_has_to_take_what_is_new_and_to_be_there() -> None:
    parts = parts_with(NotFound(), jti="always the same")
    await parts["replay guard"]()
    for check in (parts["replay guard"], parts_with(NotFound(), FakeReplayGuard(down=True))["replay guard"]):
        with pytest.raises(Unavailable):
            await check()
