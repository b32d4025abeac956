"""A certificate is renewed in time, and not before."""

import json
from collections.abc import Mapping

import pytest

from durable_objects.renewal import MARGIN_S, TARGET, Sessions
from shared.errors import Unavailable
from shared.ports import Reply
from shared.tokens import Tokens
from tests.durable_objects.house import GROUP, House
from tools.es256 import HostEs256

EXPIRES_S = 20_000


class FakeOrchestrator:
    """`shared.ports.Peer`: certifies, refuses or is away."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        assert method == "POST"
        assert headers["X-Session-Cert"] == "cert"
        self.asked.append((target, json.loads(body)))
        if self.status == 0:
            raise Unavailable(reason="away")
        return Reply(self.status, json.dumps({"session_certificate": "new", "expires_s": 99_000}).encode())


def sessions(house: House, orchestrator: FakeOrchestrator) -> Sessions:
    return Sessions(house.group.room, orchestrator, "http://o", Tokens(HostEs256()), lambda: "j" * 22)


def at(house: House, now_s: int) -> House:
    house.now_ms = now_s * 1000
    return house


async def test_a_certificate_with_time_left_is_used_as_it_is() -> None:
    house, orchestrator = House(), FakeOrchestrator()
    at(house, EXPIRES_S - MARGIN_S - 1)
    assert (await sessions(house, orchestrator).fresh()).certificate == "cert"
    assert orchestrator.asked == []


@pytest.mark.parametrize("now_s", [EXPIRES_S - MARGIN_S, EXPIRES_S + 80_000])
async def test_one_that_ends_soon_or_has_ended_is_renewed_and_kept(now_s: int) -> None:
    house, orchestrator = at(House(), now_s), FakeOrchestrator()
    assert (await sessions(house, orchestrator).fresh()).certificate == "new"
    assert orchestrator.asked == [(TARGET, {"group_id": GROUP})]
    house.wake()
    assert (house.group.room.session().certificate, house.group.room.session().expires_s) == ("new", 99_000)


@pytest.mark.parametrize("status", [0, 401, 503])
async def test_while_no_other_is_to_be_had_the_old_one_serves_until_its_end(status: int) -> None:
    house, orchestrator = at(House(), EXPIRES_S - 1), FakeOrchestrator(status)
    assert (await sessions(house, orchestrator).fresh()).certificate == "cert"
    at(house, EXPIRES_S)
    with pytest.raises(Unavailable):
        await sessions(house, orchestrator).fresh()


async def test_what_is_reported_is_said_for_this_group_by_a_certificate_with_an_hour_left() -> None:
    assert MARGIN_S == 3600
    house, orchestrator = at(House(), EXPIRES_S - 3601), FakeOrchestrator()
    await sessions(house, orchestrator).tell("/infra/cleanup", {"reason": "done"})
    assert orchestrator.asked == [("/infra/cleanup", {"group_id": GROUP, "reason": "done"})]
