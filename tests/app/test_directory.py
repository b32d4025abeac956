"""What the directory's calls do and refuse once somebody may make them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import Response

from app.agent_store import AgentStore
from shared.ports import Row, SqlValue
from tests.app.directory import ABROAD, MEMBERS, ORG, PRIVATE, PUBLIC, SAGE, SCRIBE, Directory, the

MIA, JOE, OLGA = (the("usr", name) for name in ("mia", "joe", "olga"))
STALE = {"If-Match": '"another"'}


@pytest.fixture
async def directory() -> AsyncIterator[Directory]:
    directory = Directory()
    yield directory
    await directory.close()


async def if_match(directory: Directory, who: str, path: str, body: object) -> Response:
    return await directory.client.patch(path, headers={"Authorization": f"Bearer {who}", **STALE}, json=body)


def code(answer: Response) -> str:
    return str(answer.json()["code"])


async def overtaken(directory: Directory, monkeypatch: pytest.MonkeyPatch, update: str, first: str) -> None:
    """Somebody else's change comes just before this update."""
    rows = directory.database.rows

    async def late(statement: str, *parameters: SqlValue) -> list[Row]:
        if statement.lstrip().startswith(update):
            await rows(first)
        return await rows(statement, *parameters)

    monkeypatch.setattr(directory.database, "rows", late)


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "ends"),
    [
        ({}, "1970-04-01T00:00:00.000Z"),
        ({"expires_in_days": 5}, "1970-01-06T00:00:00.000Z"),
        ({"expires_in_days": None}, None),
    ],
)
async def test_a_token_ends_after_ninety_days_or_as_asked(
    directory: Directory, asked: dict[str, object], ends: str | None
) -> None:
    made = (await directory.ask("mia", "POST", f"/people/{MIA}/tokens", {"label": "t", **asked})).json()
    assert made["expires_at"] == ends
    assert (await directory.ask(made["token"], "GET", "/me")).json()["id"] == MIA, "it is good at once"
    listed = (await directory.ask("mia", "GET", f"/people/{MIA}/tokens")).json()["tokens"]
    assert {"id": made["id"], "label": "t", "expires_at": ends}.items() <= {t["id"]: t for t in listed}[
        made["id"]
    ].items()


async def test_a_disabled_person_is_given_no_token(directory: Directory) -> None:
    await directory.ask("olga", "DELETE", f"/people/{MIA}")
    assert code(await directory.ask("olga", "POST", f"/people/{MIA}/tokens", {"label": "t"})) == "conflict"


async def test_tokens_are_listed_a_page_at_a_time(directory: Directory) -> None:
    for _ in range(2):
        await directory.ask("mia", "POST", f"/people/{MIA}/tokens", {"label": "t"})
    seen, after = list[str](), ""
    while after is not None:
        page = (await directory.ask("mia", "GET", f"/people/{MIA}/tokens?limit=1&after={after}")).json()
        seen += [token["id"] for token in page["tokens"]]
        after = page["next"]
        assert len(page["tokens"]) == 1
    assert len(seen) == 3


async def test_what_was_revoked_says_when(directory: Directory) -> None:
    path = f"/people/{MIA}/tokens/{the('tok', 'mia')}"
    assert (await directory.ask("olga", "DELETE", path)).json()["revoked_at"] is not None
    assert code(await directory.ask("mia", "GET", "/me")) == "invalid_credential"


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_is_added_is_there_and_whoever_is_enabled_may_come_in_again(directory: Directory) -> None:
    made = (await directory.ask("amy", "POST", "/people", {"name": "Kim", "role": "admin"})).json()
    assert (await directory.ask("mia", "GET", f"/people/{made['id']}")).json() == made
    assert (made["role"], made["org_id"]) == ("admin", ORG)
    assert (await directory.ask("olga", "DELETE", f"/people/{MIA}")).json()["disabled_at"] is not None
    assert (await directory.ask("olga", "POST", f"/people/{MIA}/enable")).json()["disabled_at"] is None


async def test_of_somebody_who_was_erased_nothing_can_be_changed(directory: Directory) -> None:
    await directory.ask("joe", "POST", f"/people/{JOE}/erase", {"confirm": JOE})
    for who, method, path, body in (
        ("olga", "POST", f"/people/{JOE}/enable", None),
        ("olga", "PATCH", f"/people/{JOE}", {"name": "Joe"}),
        ("gus", "POST", f"/groups/{PRIVATE}/members", {"user_id": JOE}),
    ):
        assert code(await directory.ask(who, method, path, body)) == "conflict"


async def test_a_name_changes_without_a_role_and_a_role_without_a_name(directory: Directory) -> None:
    first = (await directory.ask("olga", "PATCH", f"/people/{MIA}", {"name": "Mia M"})).json()
    assert (first["name"], first["role"]) == ("Mia M", "member")
    told = {target for target, _ in directory.orchestrator.told}
    assert told == {f"/infra/groups/{group_id}/roster" for group_id in (PUBLIC, PRIVATE)}
    directory.orchestrator.told.clear()
    second = (await directory.ask("olga", "PATCH", f"/people/{MIA}", {"role": "admin"})).json()
    assert (second["name"], second["role"]) == ("Mia M", "admin")
    assert directory.orchestrator.told == [], "a role in the org is nothing to groups"


async def test_the_last_owner_is_told_why_they_stay(directory: Directory) -> None:
    answer = await directory.ask("olga", "PATCH", f"/people/{OLGA}", {"role": "member"})
    assert "keeps at least one owner" in answer.json()["detail"]


# ── what changed meanwhile ──────────────────────────────────────────────────────────────────────────────────────────

CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("gus", f"/groups/{PRIVATE}", {"title": "G"}),
    ("gus", f"/groups/{PRIVATE}/members/{MIA}", {"role": "owner"}),
    ("olga", f"/people/{MIA}", {"name": "M"}),
    ("olga", f"/orgs/{ORG}", {"name": "O"}),
    ("olga", f"/agents/{SCRIBE}", {"name": "S"}),
]


@pytest.mark.parametrize(("who", "path", "body"), CHANGES, ids=[path for _, path, _ in CHANGES])
async def test_a_change_of_another_state_than_was_meant_is_refused(
    directory: Directory, who: str, path: str, body: dict[str, Any]
) -> None:
    before = await directory.all_of_it()
    assert code(await if_match(directory, who, path, body)) == "precondition_failed"
    assert await directory.all_of_it() == before


@pytest.mark.parametrize(
    ("who", "path", "body", "update", "first"),
    [
        (*CHANGES[0], "UPDATE groups SET title", "UPDATE groups SET version = version + 1"),
        (*CHANGES[2], "UPDATE people SET name", "UPDATE people SET name = 'Z'"),
        (*CHANGES[3], "UPDATE orgs SET name", "UPDATE orgs SET name = 'Z'"),
        ("olga", f"/people/{OLGA}", {"name": "O"}, "UPDATE people SET name", "UPDATE people SET name = 'Z'"),
        (*CHANGES[4], "UPDATE agents SET handle", "UPDATE agents SET name = 'Z'"),
    ],
)
async def test_of_two_changes_at_once_one_is_told_to_ask_again(
    directory: Directory,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    path: str,
    body: dict[str, Any],
    update: str,
    first: str,
) -> None:
    await overtaken(directory, monkeypatch, update, first)
    answer = await directory.ask(who, "PATCH", path, body)
    assert (answer.status_code, code(answer)) == (409, "conflict")
    assert answer.json()["detail"].startswith("Somebody else changed this")


# ── groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_selector_is_an_agent_of_the_group(directory: Directory) -> None:
    turns = {"turn_policy": "selector", "selector_agent_id": SAGE}
    new = {"org_id": ORG, "title": "T", "is_private": False, "agent_ids": [SCRIBE]}
    for method, path, body in (("POST", "/groups", {**new, **turns}), ("PATCH", f"/groups/{PRIVATE}", turns)):
        assert code(await directory.ask("gus", method, path, body)) == "invalid_body"
        good = {**body, "selector_agent_id": SCRIBE}
        assert (await directory.ask("gus", method, path, good)).is_success


async def test_what_is_left_out_of_a_change_stays(directory: Directory) -> None:
    changed = (await directory.ask("gus", "PATCH", f"/groups/{PRIVATE}", {"hop_limit": 3})).json()
    assert (changed["title"], changed["hop_limit"]) == ("T", 3)


async def test_whoever_joins_again_stays_what_they_are(directory: Directory) -> None:
    roles = {
        who: (await directory.ask(who, "POST", f"/groups/{PUBLIC}/join")).json()["role"] for who in (*MEMBERS, "joe")
    }
    assert roles == {**MEMBERS, "joe": "member"}


async def test_what_is_done_in_one_group_is_done_in_no_other(directory: Directory) -> None:
    public = await members_of(directory, PUBLIC)
    await directory.ask("gus", "PATCH", f"/groups/{PRIVATE}/members/{MIA}", {"role": "owner"})
    assert await members_of(directory, PUBLIC) == public
    await directory.ask("gus", "DELETE", f"/groups/{PRIVATE}/members/{MIA}")
    assert await members_of(directory, PUBLIC) == public
    for group_id in (PUBLIC, PRIVATE):
        await directory.ask("gus", "POST", f"/groups/{group_id}/agents", {"agent_id": SAGE})
    await directory.ask("gus", "DELETE", f"/groups/{PRIVATE}/agents/{SCRIBE}")
    assert [await agents_of(directory, one) for one in (PUBLIC, PRIVATE)] == [sorted([SAGE, SCRIBE]), [SAGE]]


async def members_of(directory: Directory, group_id: str) -> object:
    return (await directory.ask("gus", "GET", f"/groups/{group_id}")).json()["members"]


async def agents_of(directory: Directory, group_id: str) -> list[str]:
    return [agent["agent_id"] for agent in (await directory.ask("gus", "GET", f"/groups/{group_id}")).json()["agents"]]


# ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_agent_is_made_changed_and_goes_and_its_groups_are_told(directory: Directory) -> None:
    new = {"handle": "new", "name": "New", "provider": "builtin", "model": "scribe", "tools": ["a", "b", "a"]}
    made = (await directory.ask("amy", "POST", "/agents", new)).json()
    assert made["tools"] == ["a", "b"]
    assert (await directory.ask("joe", "GET", f"/agents/{made['id']}")).json() == made
    assert code(await directory.ask("amy", "POST", "/agents", new)) == "conflict", "the handle is taken"
    assert code(await directory.ask("amy", "PATCH", f"/agents/{SAGE}", {"handle": "new"})) == "conflict"
    changed = (await directory.ask("amy", "PATCH", f"/agents/{SCRIBE}", {"tools": ["c", "c"]})).json()
    assert changed["tools"] == ["c"]
    rosters = sorted(f"/infra/groups/{group_id}/roster" for group_id in (PRIVATE, PUBLIC))
    assert sorted(target for target, _ in directory.orchestrator.told) == rosters
    directory.orchestrator.told.clear()
    assert (await directory.ask("amy", "DELETE", f"/agents/{SCRIBE}")).is_success
    assert sorted(target for target, _ in directory.orchestrator.told) == rosters
    assert await directory.database.rows("SELECT * FROM group_agents") == []
    for method in ("GET", "DELETE"):
        assert code(await directory.ask("amy", method, f"/agents/{SCRIBE}")) == "not_found"
    assert (await directory.ask("amy", "GET", f"/agents/{SAGE}")).is_success


async def test_an_agent_whose_groups_could_not_all_be_told_goes_when_asked_again(directory: Directory) -> None:
    directory.orchestrator.away = PRIVATE
    assert (await directory.ask("amy", "DELETE", f"/agents/{SCRIBE}")).status_code == 503
    assert code(await directory.ask("amy", "GET", f"/agents/{SCRIBE}")) == "not_found", "it answers no more"
    assert len(await directory.database.rows("SELECT * FROM group_agents")) == 2
    directory.orchestrator.away = ""
    assert (await directory.ask("amy", "DELETE", f"/agents/{SCRIBE}")).is_success
    assert await directory.database.rows("SELECT * FROM group_agents") == []
    assert code(await directory.ask("amy", "DELETE", f"/agents/{SCRIBE}")) == "not_found"


async def test_an_agent_that_is_gone_is_in_no_group_and_comes_into_none(directory: Directory) -> None:
    await directory.ask("gus", "POST", f"/groups/{PRIVATE}/agents", {"agent_id": SAGE})
    directory.orchestrator.away = PRIVATE
    await directory.ask("amy", "DELETE", f"/agents/{SAGE}")
    assert await agents_of(directory, PRIVATE) == [SCRIBE]
    assert code(await directory.ask("gus", "POST", f"/groups/{PUBLIC}/agents", {"agent_id": SAGE})) == "not_found"
    new = {"org_id": ORG, "title": "T", "is_private": False, "agent_ids": [SAGE]}
    assert code(await directory.ask("gus", "POST", "/groups", new)) == "not_found"
    directory.orchestrator.away = ""
    assert (await directory.ask("amy", "DELETE", f"/agents/{SAGE}")).is_success
    assert await agents_of(directory, PRIVATE) == [SCRIBE], "and the other stays"


async def test_an_agent_is_deleted_by_its_own_org_once(directory: Directory) -> None:
    store = AgentStore(directory.database)
    await store.delete(ABROAD, SAGE, "first")
    await store.delete(ORG, SCRIBE, "second")
    await store.delete(ORG, SCRIBE, "third")
    rows = await directory.database.rows("SELECT id, deleted_at FROM agents WHERE deleted_at IS NOT NULL")
    assert rows == [{"id": SCRIBE, "deleted_at": "second"}]


async def test_an_agent_of_no_group_goes_once(directory: Directory) -> None:
    answers = [(await directory.ask("amy", "DELETE", f"/agents/{SAGE}")).status_code for _ in range(2)]
    assert answers == [200, 404]


# ── erasing and reading out, archives ───────────────────────────────────────────────────────────────────────────────


async def test_whoever_erases_is_told_where_words_are_left(directory: Directory) -> None:
    for pending, status in (([PRIVATE], "pending"), ([], "erased")):
        directory.orchestrator.said["pending"] = pending
        answer = await directory.ask("olga", "POST", f"/people/{MIA}/erase", {"confirm": MIA})
        assert (answer.json()["status"], answer.json()["pending"]) == (status, pending)


async def test_what_somebody_said_is_read_out_for_nobody_to_keep(directory: Directory) -> None:
    answer = await directory.ask("mia", "GET", f"/people/{MIA}/messages")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="{MIA}.ndjson"'
    assert {target for target, _ in directory.orchestrator.told} == {
        f"/infra/groups/{group_id}/authored" for group_id in (PUBLIC, PRIVATE)
    }


async def test_a_group_that_lives_has_no_archive(directory: Directory) -> None:
    for path in ("archive", "archive/manifest"):
        assert code(await directory.ask("gus", "GET", f"/groups/{PRIVATE}/{path}")) == "not_found"
