"""What a group reports of its end, and what the app is told of it."""

import pytest

from durable_objects.calls import Archive, ControllerCall
from tests.orchestrator.office import ABSENT, ADA, GROUP, ORG, Office, verdict
from tests.orchestrator.test_api import CLEANUP, body

TARGET = f"/infra/groups/{GROUP}/archive"
FIRST, SECOND = (f"archives/{ORG}/{GROUP}/{name}.ndjson.gz" for name in ("3", "3.arc"))
HEAD, OTHER_HEAD = "a" * 64, "b" * 64


async def report(office: Office, **told: object) -> tuple[int, str]:
    """The status that is answered, or the code of the refusal."""
    asked = body(group_id=GROUP, reason="over", **told)
    answer = await office.post(CLEANUP, asked, office.as_session(CLEANUP, asked))
    return answer.status_code, answer.json().get("code") or answer.json()["status"]


async def kept(office: Office) -> tuple[object, ...]:
    (row,) = await office.database.rows("SELECT status, r2_path, archive_head FROM groups WHERE id = ?", GROUP)
    return row["status"], row["r2_path"], row["archive_head"]


async def ask(office: Office, target: str = TARGET) -> tuple[int, str]:
    asked = body(user_id=ADA, reason="done")
    return verdict(await office.post(target, asked, office.as_app(target, asked)))


@pytest.fixture
async def archived(office: Office) -> Office:
    assert await report(office, begun=True) == (200, "archiving")
    assert await report(office, r2_path=FIRST, head=HEAD) == (200, "archived")
    return office


async def test_an_archive_without_somebodys_words_takes_the_place_of_the_one_before(archived: Office) -> None:
    for head, then in ((OTHER_HEAD, FIRST), (None, FIRST), (HEAD, SECOND)):
        assert await report(archived, r2_path=SECOND, head=head, rewritten=True) == (200, "archived")
        assert await kept(archived) == ("archived", then, HEAD), "the same log, or nothing"


async def test_nothing_is_rewritten_that_was_not_archived(office: Office) -> None:
    assert await report(office, r2_path=SECOND, head=OTHER_HEAD, rewritten=True) == (409, "conflict")
    assert await kept(office) == ("active", None, None)


async def test_a_group_is_deleted_once_it_is_archived(office: Office) -> None:
    assert await report(office, deleted=True) == (200, "active")
    await report(office, begun=True)
    await report(office, r2_path=FIRST, head=HEAD)
    assert await report(office, deleted=True) == (200, "deleted")
    assert (await kept(office))[0] == "deleted"


async def test_the_app_is_told_where_a_group_that_is_archived_lies_and_the_group_is_not_asked(archived: Office) -> None:
    archived.controllers.asked.clear()
    assert await ask(archived) == (200, "")
    assert [call for _, call in archived.controllers.asked if isinstance(call, Archive)] == []


async def test_the_app_waits_until_the_group_has_reported(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    well = office.controllers.ask

    async def finish(group_id: str, call: ControllerCall) -> str:
        answer = await well(group_id, call)
        if isinstance(call, Archive):
            await report(office, begun=True)
            await report(office, r2_path=FIRST, head=HEAD)
        return answer

    assert await ask(office) == (503, "unavailable"), "asked, and nothing was reported"
    monkeypatch.setattr(office.controllers, "ask", finish)
    asked = body(user_id=ADA, reason="done")
    answer = await office.post(TARGET, asked, office.as_app(TARGET, asked))
    assert answer.json() == {"archived_at": "2027-01-15T08:00:00.000Z", "r2_path": FIRST}


async def test_no_group_no_archive(office: Office) -> None:
    assert await ask(office, f"/infra/groups/{ABSENT}/archive") == (404, "not_found")
    assert office.controllers.asked == []
