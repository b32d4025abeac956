import asyncio

import pytest

from durable_objects.calls import ControllerCall, Disconnect
from orchestrator import disconnect as module
from shared.errors import Unavailable
from shared.ports import SqlValue
from shared.routing import verify_routing_token
from shared.tokens import Tokens
from tests.orchestrator.office import (
    ADA,
    BEN,
    GROUP,
    ISSUER_KEY,
    LATER,
    LONG_AGO,
    NOW_S,
    ORG,
    OTHER_GROUP,
    Office,
    verdict,
)
from tests.orchestrator.test_api import bearer, body
from tests.shared.hostile import ES256

TARGET, TOKEN = f"/infra/people/{BEN}/disconnect", "/infra/routing-token"


async def disconnect(office: Office, target: str = TARGET) -> tuple[int, str]:
    return verdict(await office.post(target, b"{}", office.as_app(target, b"{}")))


def heard(office: Office) -> list[tuple[str, Disconnect]]:
    return [(group_id, call) for group_id, call in office.controllers.asked if isinstance(call, Disconnect)]


async def join(office: Office, *statuses: str) -> list[str]:
    """Groups that Ben is in, one of each status."""
    ids = [f"grp_{n:026}" for n in range(10, 10 + len(statuses))]
    for group_id, status in zip(ids, statuses, strict=True):
        row: dict[str, SqlValue] = {"org_id": ORG, "title": "x", "is_private": 1, "created_by": ADA}
        office.database.insert("groups", id=group_id, status=status, created_at=LONG_AGO, **row)
        office.database.insert("memberships", group_id=group_id, user_id=BEN, role="member", created_at=LONG_AGO)
    return ids


async def test_every_open_group_of_a_person_hears_of_it_and_no_other(office: Office) -> None:
    _, archiving, _, active, _ = await join(office, "pending", "archiving", "archived", "active", "deleted")
    await office.database.rows("UPDATE people SET access_version = 7 WHERE id = ?", BEN)
    answer = await office.post(TARGET, b"{}", office.as_app(TARGET, b"{}"))
    assert answer.json() == {"groups": 3}
    assert {group_id for group_id, _ in heard(office)} == {GROUP, archiving, active}
    assert OTHER_GROUP not in dict(heard(office))
    assert {(call.user_id, call.access_version) for _, call in heard(office)} == {(BEN, 7)}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (None, 4503),
        ({"revoked_at": LONG_AGO}, 4503),
        ({"expires_at": LONG_AGO}, 4503),
        ({"expires_at": "2027-01-15T08:00:00.000Z"}, 4503),
        ({"expires_at": "2027-01-15T08:00:00.001Z"}, 4001),
        ({}, 4001),
    ],
    ids=str,
)
async def test_who_holds_another_good_token_is_asked_to_come_back(
    office: Office, row: dict[str, str] | None, code: int
) -> None:
    if row is not None:
        bearer(office, **row)
    await disconnect(office)
    assert [call.code for _, call in heard(office)] == [code]


async def test_who_signs_in_elsewhere_may_come_back_and_who_is_disabled_may_not(office: Office) -> None:
    office.database.insert("identities", issuer="idp", subject="ben", user_id=BEN, created_at=LONG_AGO)
    await disconnect(office)
    bearer(office, expires_at=LATER)
    await office.database.rows("UPDATE people SET disabled_at = ? WHERE id = ?", LONG_AGO, BEN)
    await disconnect(office)
    assert [call.code for _, call in heard(office)] == [4001, 4503]


async def test_nobody_absent_is_disconnected(office: Office) -> None:
    assert await disconnect(office, "/infra/people/usr_" + "9" * 26 + "/disconnect") == (404, "not_found")
    assert await disconnect(office, "/infra/people/x/disconnect") == (404, "not_found")


async def test_a_disabled_person_gets_no_routing_token_by_anybodys_word(office: Office) -> None:
    asked, by_ben = body(group_id=GROUP, user_id=BEN), bearer(office)
    assert (await office.post(TOKEN, asked, by_ben)).status_code == 200
    await office.database.rows("UPDATE people SET disabled_at = ? WHERE id = ?", LONG_AGO, BEN)
    assert verdict(await office.post(TOKEN, asked, by_ben)) == (401, "invalid_credential")
    assert verdict(await office.post(TOKEN, asked, office.as_app(TOKEN, asked))) == (404, "not_found")


async def test_a_routing_token_says_under_which_access_version_it_was_made(office: Office) -> None:
    await office.database.rows("UPDATE people SET access_version = 5 WHERE id = ?", BEN)
    asked = body(group_id=GROUP, user_id=BEN)
    token = (await office.post(TOKEN, asked, office.as_app(TOKEN, asked))).json()["routing_token"]
    keys, controller_id = {ISSUER_KEY.thumbprint: ISSUER_KEY.public}, office.controllers.controller_id(GROUP)
    assert verify_routing_token(Tokens(ES256), token, keys, GROUP, controller_id, NOW_S).mv == 5


class SomeDead:
    """Controllers of which one fails and one never answers; it counts how many are asked at once."""

    def __init__(self, office: Office, failing: str, hanging: str) -> None:
        self._ask = office.controllers.ask
        self._failing, self._hanging = failing, hanging
        self.now = self.most = 0

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0)
            if group_id == self._failing:
                raise Unavailable
            if group_id == self._hanging:
                await asyncio.Event().wait()
            return await self._ask(group_id, call)
        finally:
            self.now -= 1


async def test_dead_groups_stop_no_others_and_are_told_of(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await join(office, *["active"] * 50)
    controllers = SomeDead(office, ids[0], ids[1])
    monkeypatch.setattr(office.controllers, "ask", controllers.ask)
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    assert await disconnect(office) == (503, "unavailable")
    assert {group_id for group_id, _ in heard(office)} == {GROUP, *ids[2:]}
    assert 1 < controllers.most <= module.AT_ONCE
    assert len([line for line in office.lines if "disconnect_failed" in line]) == 2
    assert any("2 of 51 groups" in line for line in office.lines)


def test_how_many_groups_are_told_at_once_and_how_long_one_may_take() -> None:
    assert (module.AT_ONCE, module.PATIENCE_S) == (20, 5.0)
