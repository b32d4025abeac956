import asyncio
import json

import pytest

from shared import checkup
from shared.checkup import Check, Checkup, examine
from shared.errors import Unavailable
from shared.log import Log
from shared.ports import Reply
from tests.fakes import FakeDatabase


async def fine() -> None:
    pass


async def broken() -> None:
    raise Unavailable(reason="disk on fire")


async def silent() -> None:
    await asyncio.get_running_loop().create_future()


async def examined(**checks: Check) -> tuple[Checkup, list[str]]:
    lines: list[str] = []
    log = Log(lines.append, lambda: 0, "app")
    return Checkup.of(*await examine(checks, lambda: 0, log)), lines


async def test_all_is_well_when_every_part_is() -> None:
    found, lines = await examined(database=fine, archives=fine)
    assert found.status == "ok"
    assert [part.name for part in found.parts] == ["database", "archives"]
    assert lines == []


async def test_a_part_that_failed_is_named_and_hides_no_other() -> None:
    found, lines = await examined(database=broken, archives=fine)
    assert found.status == "failed"
    assert [(part.status, part.code) for part in found.parts] == [("failed", "unavailable"), ("ok", None)]
    assert json.loads(lines[0])["reason"] == "disk on fire"
    assert "fire" not in found.model_dump_json()


async def test_a_part_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "PATIENCE_S", 0.01)
    found, _ = await examined(agents=silent)
    assert found.parts[0].code == "timeout"


async def test_a_worker_is_well_when_it_says_so() -> None:
    class Worker:
        def __init__(self, status: int) -> None:
            self.status = status

        async def call(self, method: str, target: str, headers: object, body: bytes) -> Reply:
            assert (method, target, headers, body) == ("GET", "/healthz", {}, b"")
            return Reply(self.status, b"")

    found, _ = await examined(
        good=checkup.of_worker(Worker(200)),
        bad=checkup.of_worker(Worker(503)),
        data=checkup.of_database(FakeDatabase()),
    )
    assert [part.status for part in found.parts] == ["ok", "failed", "ok"]
