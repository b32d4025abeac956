"""What was changed in the directory reaches the room, also when whoever changed it died before telling."""

import asyncio

from tests.e2e.deployment import Deployment, Team
from tests.e2e.seat import Sit

REMOVED, REVOKED = (4503, "removed"), (4503, "revoked")


async def test_who_was_removed_by_an_app_that_died_is_shown_out_by_the_clock(
    team: Team, deployment: Deployment, sit: Sit
) -> None:
    group_id, stack = team.new_group("ben"), deployment.stack
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    # The App's own two statements, and then nothing more of it.
    stack.query("DELETE FROM memberships WHERE group_id = ? AND user_id = ?", group_id, team.ids["ben"])
    stack.query("UPDATE groups SET version = version + 1 WHERE id = ?", group_id)
    await asyncio.to_thread(stack.tick)
    assert await ben.until_closed() == REMOVED
    (left,) = await ada.until_type("member.left")
    assert left["data"]["member"]["id"] == team.ids["ben"]
    await asyncio.to_thread(stack.tick)
    assert await ada.say("He was told once.") == left["seq"] + 1


async def test_whose_access_was_taken_by_an_app_that_died_is_shown_out_too(
    team: Team, deployment: Deployment, sit: Sit
) -> None:
    group_id, stack = team.new_group("ben"), deployment.stack
    ben = await sit("ben", group_id)
    stack.query(
        "UPDATE people SET access_version = access_version + 1, disabled_at = ? WHERE id = ?",
        "2026-01-01T00:00:00.000Z",
        team.ids["ben"],
    )
    await asyncio.to_thread(stack.tick)
    assert await ben.until_closed() == REVOKED
