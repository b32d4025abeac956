"""Restoring and deleting: what the directory says before and after, with a group that answers what a test wants."""

import json

import pytest

from durable_objects.calls import DeleteGroup, Restore
from tests.orchestrator.office import ABSENT, ADA, EPOCH, EVE, GROUP, LONG_AGO, OTHER_GROUP, Office

BY = json.dumps({"user_id": ADA, "reason": "again"}).encode()
PATH = "archives/x.ndjson.gz"


async def given(office: Office, status: str, answers: str = "active") -> None:
    path = PATH if status == "archived" else None
    await office.database.rows(
        "UPDATE groups SET status = ?, r2_path = ?, archived_at = ?, archive_head = 'abc' WHERE id = ?",
        status,
        path,
        LONG_AGO,
        GROUP,
    )
    office.controllers.answer = json.dumps({"status": answers})


async def asked(office: Office, what: str, group_id: str = GROUP, body: bytes = BY) -> tuple[int, str]:
    target = f"/infra/groups/{group_id}/{what}"
    answer = await office.post(target, body, office.as_app(target, body))
    return answer.status_code, str(answer.json().get("code") or answer.json()["status"])


async def row_of(office: Office, group_id: str = GROUP) -> tuple[object, ...]:
    [row] = await office.database.rows(
        "SELECT status, r2_path, archived_at, session_epoch FROM groups WHERE id = ?", group_id
    )
    return tuple(row.values())


async def test_an_archived_group_is_restored_from_its_archive_with_a_new_session(office: Office) -> None:
    await given(office, "archived")
    assert await asked(office, "restore") == (200, "active")
    [(group_id, call)] = office.controllers.asked
    assert isinstance(call, Restore)
    assert (group_id, call.by.id, call.reason, call.r2_path, call.head) == (GROUP, ADA, "again", PATH, "abc")
    assert call.opening.session_epoch == EPOCH + 1
    assert await row_of(office) == ("active", None, None, EPOCH + 1)
    assert (await row_of(office, OTHER_GROUP))[3] == EPOCH


async def test_an_active_group_is_restored_by_doing_nothing(office: Office) -> None:
    before = await row_of(office)
    assert await asked(office, "restore") == (200, "active")
    assert (office.controllers.asked, await row_of(office)) == ([], before)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("pending", (404, "not_found")), ("deleted", (404, "not_found")), ("archiving", (409, "group_archiving"))],
)
async def test_what_is_not_archived_is_not_restored(office: Office, status: str, refusal: tuple[int, str]) -> None:
    await given(office, status)
    assert await asked(office, "restore") == refusal
    assert office.controllers.asked == []


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [("archiving", (409, "group_archiving")), ("archived", (404, "not_found")), ("deleting", (404, "not_found"))],
)
async def test_the_directory_follows_a_group_that_did_not_come_back(
    office: Office, answers: str, refusal: tuple[int, str]
) -> None:
    await given(office, "archived", answers)
    assert await asked(office, "restore") == refusal
    assert (await row_of(office))[:2] == ("archived", PATH)


async def test_a_group_is_deleted_by_its_controller_once(office: Office) -> None:
    await given(office, "active", "deleting")
    assert await asked(office, "delete") == (200, "deleted")
    [(group_id, call)] = office.controllers.asked
    assert isinstance(call, DeleteGroup)
    assert (group_id, call.by.id, call.reason, call.opening.session_epoch) == (GROUP, ADA, "again", EPOCH + 1)
    assert (await row_of(office))[3] == EPOCH + 1
    await given(office, "deleted")
    assert await asked(office, "delete") == (200, "deleted")
    assert len(office.controllers.asked) == 1


@pytest.mark.parametrize("what", ["restore", "delete"])
async def test_who_is_of_another_org_or_what_is_not_there_is_not_found(office: Office, what: str) -> None:
    for group_id, body in ((ABSENT, BY), (OTHER_GROUP, BY), (GROUP, BY.replace(ADA.encode(), EVE.encode()))):
        assert await asked(office, what, group_id, body) == (404, "not_found")
    await given(office, "pending")
    assert await asked(office, what) == (404, "not_found")
    assert office.controllers.asked == []
