"""Erasing over all groups of a person: each does its own, and one that cannot stops none of the others."""

import json
from typing import Any

from durable_objects.calls import ControllerCall, ErasePerson, ReadAuthored
from shared.errors import Unavailable
from shared.protocol import SYSTEM
from shared.signing import Signer
from shared.tokens import Tokens
from tests.fakes import FakeDatabase
from tests.orchestrator.office import ADA, APP_KEY, BEN, GROUP, NOW_S, ORG, ORIGIN, FakeControllers, Office
from tests.shared.hostile import ES256

THIRD = "grp_" + "3" * 26


class Unsteady(FakeControllers):
    """Groups of which some are `down`."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        if group_id in self.down:
            raise Unavailable(reason="down")
        return await super().ask(group_id, call)


async def erased_office() -> tuple[Office, Unsteady]:
    """Ben, whom the directory has let go of, was in two groups."""
    controllers = Unsteady()
    office = Office(controllers=controllers)
    database = office.database
    database.insert(
        "groups", id=THIRD, org_id=ORG, title="T", is_private=0, status="active", created_by=ADA, created_at="2026"
    )
    database.insert("memberships", group_id=THIRD, user_id=BEN, role="member", created_at="2026")
    await FakeDatabase.rows(database, "DELETE FROM memberships WHERE user_id = ?", BEN)
    await FakeDatabase.rows(database, "UPDATE people SET erased_at = '2026' WHERE id = ?", BEN)
    return office, controllers


async def post(office: Office, target: str, body: dict[str, Any]) -> tuple[int, Any]:
    raw = json.dumps(body).encode()
    signer = Signer(Tokens(ES256), APP_KEY, "app", "orchestrator", ORIGIN)
    response = await office.post(target, raw, signer.headers("POST", target, raw, now_s=NOW_S, jti=office.jti()))
    return response.status_code, response.json()


async def test_every_group_somebody_ever_was_in_is_asked_once() -> None:
    office, controllers = await erased_office()
    assert await post(office, f"/infra/people/{BEN}/erase", {"by": ADA}) == (200, {"groups": 2, "pending": []})
    calls = [call for _, call in controllers.asked if isinstance(call, ErasePerson)]
    assert {group_id for group_id, _ in controllers.asked} == {GROUP, THIRD}
    assert {(call.user_id, call.by.id, call.archive) for call in calls} == {(BEN, ADA, None)}
    assert BEN not in {member.id for call in calls for member in call.roster.members}
    assert await post(office, f"/infra/people/{BEN}/erase", {"by": ADA}) == (200, {"groups": 0, "pending": []})


async def test_a_group_that_cannot_be_reached_is_named_and_asked_again() -> None:
    office, controllers = await erased_office()
    controllers.down = {GROUP}
    assert await post(office, f"/infra/people/{BEN}/erase", {"by": ADA}) == (200, {"groups": 1, "pending": [GROUP]})
    controllers.down.clear()
    assert await post(office, f"/infra/people/{BEN}/erase", {"by": ADA}) == (200, {"groups": 1, "pending": []})


async def test_who_erases_themselves_is_not_named_as_the_one_who_did() -> None:
    office, controllers = await erased_office()
    await post(office, f"/infra/people/{BEN}/erase", {"by": BEN})
    assert {call.by for _, call in controllers.asked if isinstance(call, ErasePerson)} == {SYSTEM}


async def test_nobody_is_erased_whom_the_directory_still_knows() -> None:
    office, controllers = await erased_office()
    assert (await post(office, f"/infra/people/{ADA}/erase", {"by": ADA}))[0] == 404
    assert controllers.asked == []


async def test_a_page_of_what_one_said_is_asked_of_the_group() -> None:
    office, controllers = await erased_office()
    controllers.answer = '{"messages":[],"more":false}'
    asked = {"user_id": BEN, "after": 3, "limit": 50}
    assert await post(office, f"/infra/groups/{GROUP}/authored", asked) == (200, {"messages": [], "more": False})
    assert controllers.asked == [(GROUP, ReadAuthored(user_id=BEN, after=3, limit=50))]
