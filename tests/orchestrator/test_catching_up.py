"""Whatever was cut off between the directory and a group is made good by the clock."""

import asyncio

import pytest

from durable_objects.calls import ControllerCall, Disconnect, OpenSession, RosterSet, SetRoster
from orchestrator import catching_up
from orchestrator.catching_up import catch_up
from shared.errors import Unavailable
from tests.orchestrator.office import ADA, BEN, GROUP, OTHER_GROUP, Office


async def change(office: Office, group_id: str = GROUP) -> None:
    """As the App does it, without telling anybody."""
    await office.database.rows("DELETE FROM memberships WHERE group_id = ? AND user_id = ?", group_id, BEN)
    await office.database.rows("UPDATE groups SET version = version + 1 WHERE id = ?", group_id)


@pytest.fixture
async def calm(office: Office) -> Office:
    """An office in which everybody knows everything."""
    await catch_up(office.ports)
    office.controllers.asked.clear()
    return office


async def test_a_group_that_was_not_told_is_told_once(calm: Office) -> None:
    await change(calm)
    await catch_up(calm.ports)
    ((group_id, call),) = calm.controllers.asked
    assert isinstance(call, SetRoster)
    assert (group_id, [member.id for member in call.roster.members]) == (GROUP, [ADA])
    await catch_up(calm.ports)
    assert len(calm.controllers.asked) == 1


async def test_a_group_that_was_told_by_the_app_is_left_alone(calm: Office) -> None:
    await change(calm)
    target = f"/infra/groups/{GROUP}/roster"
    assert (await calm.post(target, b"{}", calm.as_app(target, b"{}"))).status_code == 200
    calm.controllers.asked.clear()
    await catch_up(calm.ports)
    assert calm.controllers.asked == []


async def test_a_new_session_brings_the_roster_with_it(calm: Office) -> None:
    await change(calm)
    calm.controllers.answer = RosterSet(covered=False).model_dump_json()
    await catch_up(calm.ports)
    assert [type(call) for _, call in calm.controllers.asked] == [SetRoster, OpenSession]
    await catch_up(calm.ports)
    assert len(calm.controllers.asked) == 2


@pytest.mark.parametrize("status", ["pending", "archiving", "archived", "deleted"])
async def test_a_group_that_is_not_active_has_nobody_to_tell(calm: Office, status: str) -> None:
    await change(calm)
    await calm.database.rows("UPDATE groups SET status = ? WHERE id = ?", status, GROUP)
    await catch_up(calm.ports)
    assert calm.controllers.asked == []


async def test_whose_access_was_taken_away_is_disconnected_once(calm: Office) -> None:
    await calm.database.rows("UPDATE people SET access_version = access_version + 1 WHERE id = ?", BEN)
    await catch_up(calm.ports)
    await catch_up(calm.ports)
    ((group_id, call),) = calm.controllers.asked
    assert (group_id, type(call), getattr(call, "user_id", "")) == (GROUP, Disconnect, BEN)


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_group_that_fails_keeps_its_turn_and_nobody_elses(
    calm: Office, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    well = calm.controllers.ask

    async def ask(group_id: str, call: ControllerCall) -> str:
        if group_id == GROUP:
            if hangs:
                await asyncio.Event().wait()
            raise Unavailable
        return await well(group_id, call)

    await change(calm)
    await change(calm, OTHER_GROUP)
    await calm.database.rows("UPDATE people SET access_version = access_version + 1 WHERE id = ?", ADA)
    monkeypatch.setattr(catching_up, "PATIENCE_S", 0.05)
    monkeypatch.setattr(calm.controllers, "ask", ask)
    await catch_up(calm.ports)
    assert {group_id for group_id, _ in calm.controllers.asked} == {OTHER_GROUP}
    assert sum("not_caught_up" in line for line in calm.lines) == 2
    monkeypatch.undo()
    await catch_up(calm.ports)
    assert [(group_id, type(call)) for group_id, call in calm.controllers.asked[1:]] == [
        (GROUP, SetRoster),
        (GROUP, Disconnect),
    ]


def test_a_turn_is_bounded() -> None:
    assert (catching_up.LIMIT, catching_up.AT_ONCE, catching_up.PATIENCE_S) == (50, 8, 10.0)
