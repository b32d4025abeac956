"""Erasing over all groups of a person: each does its own, and one that cannot stops none of the others."""

import asyncio
import json
from typing import Any

import pytest

from durable_objects.calls import ControllerCall, ErasePerson, ReadAuthored
from orchestrator import people
from shared.errors import Unavailable
from shared.protocol import SYSTEM
from shared.signing import Signer
from shared.tokens import Tokens
from tests.fakes import FakeDatabase
from tests.orchestrator.office import ADA, APP_KEY, BEN, EPOCH, EVE, GROUP, NOW_S, ORG, ORIGIN, FakeControllers, Office
from tests.shared.hostile import ES256

THIRD = "grp_" + "3" * 26


class Unsteady(FakeControllers):
    """Groups of which some are `down`."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()
        self.silent: set[str] = set()

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        if group_id in self.down:
            raise Unavailable(reason="down")
        if group_id in self.silent:
            await asyncio.Event().wait()
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


async def test_whom_the_org_does_not_know_is_not_named_as_the_one_who_did() -> None:
    office, controllers = await erased_office()
    await post(office, f"/infra/people/{BEN}/erase", {})
    await FakeDatabase.rows(office.database, "UPDATE attendances SET erased_at = NULL")
    await post(office, f"/infra/people/{BEN}/erase", {"by": EVE})
    assert [call.by for _, call in controllers.asked if isinstance(call, ErasePerson)] == [SYSTEM] * 4


async def test_an_archive_is_rewritten_by_a_session_of_its_own_that_the_directory_learns_of() -> None:
    office, controllers = await erased_office()
    archived = (
        "UPDATE groups SET status = 'archived', r2_path = 'p', archive_head = 'h', archived_at = 'then' WHERE id = ?"
    )
    await FakeDatabase.rows(office.database, archived, GROUP)
    await post(office, f"/infra/people/{BEN}/erase", {"by": ADA})
    archives = {group_id: call.archive for group_id, call in controllers.asked if isinstance(call, ErasePerson)}
    archive = archives[GROUP]
    assert archive is not None
    assert (archive.r2_path, archive.head, archive.opening.session_epoch) == ("p", "h", EPOCH + 1)
    assert archives[THIRD] is None
    rows = await FakeDatabase.rows(office.database, "SELECT id, session_epoch FROM groups")
    assert {row["id"]: row["session_epoch"] for row in rows if row["id"] in (GROUP, THIRD)} == {
        GROUP: EPOCH + 1,
        THIRD: 0,
    }


async def test_a_group_that_does_not_answer_is_left_for_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    office, controllers = await erased_office()
    monkeypatch.setattr(people, "PATIENCE_S", 0.01)
    controllers.silent = {GROUP}
    assert await post(office, f"/infra/people/{BEN}/erase", {"by": ADA}) == (200, {"groups": 1, "pending": [GROUP]})
    assert [json.loads(line)["reason"] for line in office.lines if "erasure_pending" in line] == ["TimeoutError"]


async def test_one_call_goes_to_so_many_groups_and_names_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    office, controllers = await erased_office()
    monkeypatch.setattr(people, "GROUPS_LIMIT", 1)
    assert await post(office, f"/infra/people/{BEN}/erase", {}) == (200, {"groups": 1, "pending": [THIRD]})
    assert [group_id for group_id, _ in controllers.asked] == [GROUP]
