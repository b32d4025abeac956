"""Who may do what in the App: every endpoint that changes something, asked by everybody there is.

What others are refused changes nothing and is told to nobody.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import pytest

from app.routes import endpoints
from tests.app.directory import (
    ABROAD,
    MEMBERS,
    ORG,
    PEOPLE,
    PRIVATE,
    PUBLIC,
    SAGE,
    SCRIBE,
    SPY,
    Directory,
    the,
)

MIA, GUS, AMY, OLGA = (the("usr", name) for name in ("mia", "gus", "amy", "olga"))
JOE, EVE = the("usr", "joe"), the("usr", "eve")
AGENT = {"handle": "new", "name": "New", "provider": "builtin", "model": "scribe"}
GROUP = {"org_id": ORG, "title": "New", "is_private": True}
REASON = {"reason": "done"}
RUNS_THE_ORG, IN_IT, FOREIGN = "olga amy", "olga amy gus mia joe", {"eve": "not_found"}


def say(allowed: str, others: str = "forbidden", **but: str) -> dict[str, str]:
    """What everybody is answered: those who are allowed with nothing, the others with this code."""
    return {name: but.get(name, "" if name in allowed.split() else others) for name in PEOPLE}


def of_a_group(allowed: str, **but: str) -> dict[str, str]:
    """In a private group, where who is not in it finds nothing."""
    return say(allowed, **{name: "not_found" for name in PEOPLE if name not in MEMBERS}, **but)


# Method, path, body, and what everybody is answered.
CASES: Final[list[tuple[str, str, Any, Mapping[str, str]]]] = [
    ("POST", "/people", {"name": "New"}, say(f"{RUNS_THE_ORG} eve")),
    ("POST", f"/people/{MIA}/tokens", {"label": "t"}, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    ("POST", f"/people/{AMY}/tokens", {"label": "t"}, say("olga amy", **FOREIGN)),
    ("POST", f"/people/{OLGA}/tokens", {"label": "t"}, say("olga", **FOREIGN)),
    ("GET", f"/people/{MIA}/tokens", None, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    ("GET", f"/people/{OLGA}/tokens", None, say("olga", **FOREIGN)),
    ("DELETE", f"/people/{MIA}/tokens/{the('tok', 'mia')}", None, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    ("DELETE", f"/people/{OLGA}/tokens/{the('tok', 'olga')}", None, say("olga", **FOREIGN)),
    (
        "DELETE",
        f"/people/{MIA}/tokens/{the('tok', 'joe')}",
        None,
        say("", "forbidden", **FOREIGN, olga="not_found", amy="not_found", mia="not_found"),
    ),
    ("DELETE", f"/people/{MIA}", None, say(RUNS_THE_ORG, **FOREIGN)),
    ("DELETE", f"/people/{OLGA}", None, say("", olga="conflict", **FOREIGN)),
    ("POST", f"/people/{MIA}/enable", None, say(RUNS_THE_ORG, **FOREIGN)),
    ("POST", f"/people/{OLGA}/enable", None, say("olga", **FOREIGN)),
    ("PATCH", f"/people/{MIA}", {"name": "M"}, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    ("PATCH", f"/people/{MIA}", {"role": "admin"}, say(RUNS_THE_ORG, **FOREIGN)),
    ("PATCH", f"/people/{MIA}", {"role": "owner"}, say("olga", **FOREIGN)),
    ("PATCH", f"/people/{OLGA}", {"name": "O"}, say("olga", **FOREIGN)),
    ("PATCH", f"/people/{OLGA}", {"role": "member"}, say("", olga="conflict", **FOREIGN)),
    ("PATCH", f"/people/{AMY}", {"role": "owner"}, say("olga", **FOREIGN)),
    ("POST", f"/people/{MIA}/erase", {"confirm": MIA}, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    (
        "POST",
        f"/people/{MIA}/erase",
        {"confirm": JOE},
        say("", olga="invalid_body", amy="invalid_body", mia="invalid_body", **FOREIGN),
    ),
    ("POST", f"/people/{OLGA}/erase", {"confirm": OLGA}, say("", olga="conflict", **FOREIGN)),
    ("GET", f"/people/{MIA}/messages", None, say(f"{RUNS_THE_ORG} mia", **FOREIGN)),
    ("PATCH", f"/orgs/{ORG}", {"name": "O"}, say(RUNS_THE_ORG, **FOREIGN)),
    ("GET", f"/orgs/{ORG}", None, say(IN_IT, **FOREIGN)),
    ("GET", f"/people/{MIA}", None, say(IN_IT, **FOREIGN)),
    ("GET", "/usage", None, say(f"{RUNS_THE_ORG} eve")),
    ("POST", "/agents", AGENT, say(f"{RUNS_THE_ORG} eve")),
    ("GET", f"/agents/{SCRIBE}", None, say(IN_IT, **FOREIGN)),
    ("PATCH", f"/agents/{SCRIBE}", {"name": "S"}, say(RUNS_THE_ORG, **FOREIGN)),
    ("DELETE", f"/agents/{SCRIBE}", None, say(RUNS_THE_ORG, **FOREIGN)),
    ("POST", "/groups", GROUP, say(IN_IT, **FOREIGN)),
    ("POST", "/groups", {**GROUP, "agent_ids": [SCRIBE]}, say(IN_IT, **FOREIGN)),
    ("POST", "/groups", {**GROUP, "agent_ids": [SCRIBE, SPY]}, say("", "not_found")),
    ("GET", f"/groups/{PRIVATE}", None, of_a_group("gus amy mia")),
    ("GET", f"/groups/{PUBLIC}", None, say(IN_IT, **FOREIGN)),
    ("PATCH", f"/groups/{PRIVATE}", {"title": "G"}, of_a_group("gus")),
    ("PATCH", f"/groups/{PUBLIC}", {"title": "G"}, say("gus", **FOREIGN)),
    ("POST", f"/groups/{PRIVATE}/token", None, of_a_group("gus amy mia")),
    ("POST", f"/groups/{PUBLIC}/token", None, say("gus amy mia", **FOREIGN)),
    ("GET", f"/groups/{PRIVATE}/members", None, of_a_group("gus amy mia")),
    ("GET", f"/groups/{PRIVATE}/members/{MIA}", None, of_a_group("gus amy mia")),
    ("POST", f"/groups/{PRIVATE}/members", {"user_id": JOE}, of_a_group("gus")),
    ("POST", f"/groups/{PUBLIC}/members", {"user_id": JOE}, say("gus", **FOREIGN)),
    ("POST", f"/groups/{PRIVATE}/members", {"user_id": EVE}, of_a_group("", gus="not_found")),
    ("POST", f"/groups/{PRIVATE}/members", {"user_id": GUS}, of_a_group("", gus="conflict")),
    ("PATCH", f"/groups/{PRIVATE}/members/{MIA}", {"role": "owner"}, of_a_group("gus")),
    ("PATCH", f"/groups/{PRIVATE}/members/{GUS}", {"role": "member"}, of_a_group("", gus="conflict")),
    ("PATCH", f"/groups/{PRIVATE}/members/{JOE}", {"role": "member"}, of_a_group("", gus="not_found")),
    ("POST", f"/groups/{PUBLIC}/join", None, say(IN_IT, **FOREIGN)),
    ("POST", f"/groups/{PRIVATE}/join", None, of_a_group("gus amy mia")),
    ("POST", f"/groups/{PUBLIC}/leave", None, say("amy mia", "not_found", gus="conflict")),
    ("DELETE", f"/groups/{PRIVATE}/members/{MIA}", None, of_a_group("gus mia")),
    ("DELETE", f"/groups/{PUBLIC}/members/{MIA}", None, say("gus mia", **FOREIGN)),
    ("DELETE", f"/groups/{PRIVATE}/members/{GUS}", None, of_a_group("", gus="conflict")),
    ("POST", f"/groups/{PRIVATE}/agents", {"agent_id": SAGE}, of_a_group("gus")),
    ("POST", f"/groups/{PRIVATE}/agents", {"agent_id": SPY}, of_a_group("", gus="not_found")),
    ("DELETE", f"/groups/{PRIVATE}/agents/{SCRIBE}", None, of_a_group("gus")),
    ("DELETE", f"/groups/{PRIVATE}/agents/{SAGE}", None, of_a_group("", gus="not_found")),
    ("POST", f"/groups/{PRIVATE}/archive", REASON, of_a_group("gus")),
    ("POST", f"/groups/{PUBLIC}/archive", REASON, say("gus", **FOREIGN)),
    ("POST", f"/groups/{PRIVATE}/restore", REASON, of_a_group("gus amy")),
    ("POST", f"/groups/{PUBLIC}/restore", REASON, say("gus amy olga", **FOREIGN)),
    ("DELETE", f"/groups/{PRIVATE}", None, of_a_group("gus")),
    ("DELETE", f"/groups/{PUBLIC}", None, say("gus", **FOREIGN)),
]


@pytest.fixture
async def directory() -> AsyncIterator[Directory]:
    directory = Directory()
    yield directory
    await directory.close()


async def unchanged(directory: Directory) -> list[Any]:
    """All but the versions of groups: a change that came to nothing may raise them."""
    return [[{**row, "version": 0} for row in table] for table in await directory.all_of_it()]


@pytest.mark.parametrize(("method", "path", "body", "answers"), CASES, ids=[f"{c[0]} {c[1]} {c[2]}" for c in CASES])
async def test_everybody_may_what_they_may(method: str, path: str, body: object, answers: Mapping[str, str]) -> None:
    answered, directory = {}, Directory()
    before = await unchanged(directory)
    for who in answers:
        answer = await directory.ask(who, method, path, body)
        answered[who] = "" if answer.is_success else answer.json()["code"]
        if answer.is_success:
            await directory.close()
            directory = Directory()
        assert await unchanged(directory) == before, who
        assert directory.orchestrator.told == [], who
    await directory.close()
    assert answered == answers


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_every_endpoint_that_changes_something_is_asked(method: str) -> None:
    """Webhooks have a test of their own; messages are the group's to refuse; orgs are the operator's."""
    elsewhere = ("/webhooks", "/groups/{group_id}/messages", "/orgs")
    rows = {row.path for row in endpoints.rows if row.method == method and row.auth == "person"}
    asked = {path for verb, path, _, _ in CASES if verb == method}
    left_out = {
        path for path in rows if not any(matches(path, one) for one in asked) and not path.startswith(elsewhere)
    }
    assert left_out == set()


def matches(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part == one or part.startswith("{") for part, one in zip(parts, given, strict=True)
    )


ROSTER = f"/infra/groups/{PRIVATE}/roster"
IN_PRIVATE = f"SELECT user_id, role FROM memberships WHERE group_id = '{PRIVATE}' ORDER BY user_id"  # noqa: S608 -- an id of ours
AGENTS_THERE = f"SELECT agent_id FROM group_agents WHERE group_id = '{PRIVATE}' ORDER BY agent_id"  # noqa: S608 -- an id of ours
JOES = f"SELECT role FROM memberships WHERE user_id = '{JOE}'"  # noqa: S608 -- an id of ours
VERSIONS = "SELECT name, access_version FROM people WHERE access_version > 0"
STAY: Final[list[tuple[object, ...]]] = [(AMY, "member"), (GUS, "owner"), (MIA, "member")]
# Who asks for what; what the directory then says; what the Orchestrator was told.
CHANGES: Final[list[tuple[str, str, str, Any, str, Sequence[tuple[object, ...]], list[str]]]] = [
    (
        "gus",
        "POST",
        f"/groups/{PRIVATE}/members",
        {"user_id": JOE},
        IN_PRIVATE,
        [*STAY[:2], (JOE, "member"), STAY[2]],
        [ROSTER],
    ),
    (
        "gus",
        "POST",
        f"/groups/{PRIVATE}/members",
        {"user_id": JOE, "role": "owner"},
        IN_PRIVATE,
        [*STAY[:2], (JOE, "owner"), STAY[2]],
        [ROSTER],
    ),
    (
        "gus",
        "POST",
        f"/groups/{PRIVATE}/members",
        {"user_id": MIA, "role": "owner"},
        IN_PRIVATE,
        [*STAY[:2], (MIA, "owner")],
        [ROSTER],
    ),
    (
        "gus",
        "PATCH",
        f"/groups/{PRIVATE}/members/{MIA}",
        {"role": "owner"},
        IN_PRIVATE,
        [*STAY[:2], (MIA, "owner")],
        [ROSTER],
    ),
    ("gus", "DELETE", f"/groups/{PRIVATE}/members/{MIA}", None, IN_PRIVATE, STAY[:2], [ROSTER]),
    ("mia", "POST", f"/groups/{PRIVATE}/leave", None, IN_PRIVATE, STAY[:2], [ROSTER]),
    ("mia", "POST", f"/groups/{PRIVATE}/join", None, IN_PRIVATE, STAY, []),
    (
        "joe",
        "POST",
        f"/groups/{PUBLIC}/join",
        None,
        JOES,
        [("member",)],
        [ROSTER.replace(PRIVATE, PUBLIC)],
    ),
    (
        "gus",
        "POST",
        f"/groups/{PRIVATE}/agents",
        {"agent_id": SAGE},
        AGENTS_THERE,
        sorted([(SAGE,), (SCRIBE,)]),
        [ROSTER],
    ),
    ("gus", "DELETE", f"/groups/{PRIVATE}/agents/{SCRIBE}", None, AGENTS_THERE, [], [ROSTER]),
    (
        "gus",
        "PATCH",
        f"/groups/{PRIVATE}",
        {"title": "G"},
        "SELECT title FROM groups ORDER BY is_private",
        [("T",), ("G",)],
        [ROSTER],
    ),
    ("mia", "POST", f"/groups/{PRIVATE}/token", None, VERSIONS, [], ["/infra/routing-token"]),
    ("olga", "DELETE", f"/people/{MIA}", None, VERSIONS, [("mia", 1)], [f"/infra/people/{MIA}/disconnect"]),
    (
        "mia",
        "DELETE",
        f"/people/{MIA}/tokens/{the('tok', 'mia')}",
        None,
        VERSIONS,
        [("mia", 1)],
        [f"/infra/people/{MIA}/disconnect"],
    ),
    (
        "mia",
        "POST",
        f"/people/{MIA}/erase",
        {"confirm": MIA},
        VERSIONS,
        [("Erased", 1)],
        [f"/infra/people/{MIA}/erase"],
    ),
    ("gus", "POST", f"/groups/{PRIVATE}/archive", REASON, IN_PRIVATE, STAY, [f"/infra/groups/{PRIVATE}/archive"]),
    ("gus", "POST", f"/groups/{PRIVATE}/restore", REASON, IN_PRIVATE, STAY, [f"/infra/groups/{PRIVATE}/restore"]),
    ("gus", "DELETE", f"/groups/{PRIVATE}", None, IN_PRIVATE, STAY, [f"/infra/groups/{PRIVATE}/delete"]),
]


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "statement", "rows", "told"),
    CHANGES,
    ids=[f"{c[0]} {c[1]} {c[2]}" for c in CHANGES],
)
async def test_what_is_done_is_in_the_directory_and_the_groups_are_told(
    directory: Directory, who: str, method: str, path: str, body: object, statement: str, rows: object, told: object
) -> None:
    answer = await directory.ask(who, method, path, body)
    assert answer.is_success, answer.text
    assert [tuple(row.values()) for row in await directory.database.rows(statement)] == rows
    assert [target for target, _ in directory.orchestrator.told] == told


@pytest.mark.parametrize(("status", "code"), [("archiving", "group_archiving"), ("archived", "group_archived")])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"/groups/{PRIVATE}", {"title": "G"}),
        ("POST", f"/groups/{PRIVATE}/token", None),
        ("POST", f"/groups/{PRIVATE}/members", {"user_id": JOE}),
        ("PATCH", f"/groups/{PRIVATE}/members/{MIA}", {"role": "owner"}),
        ("POST", f"/groups/{PUBLIC}/join", None),
        ("POST", f"/groups/{PRIVATE}/leave", None),
        ("DELETE", f"/groups/{PRIVATE}/members/{MIA}", None),
        ("POST", f"/groups/{PRIVATE}/agents", {"agent_id": SAGE}),
        ("DELETE", f"/groups/{PRIVATE}/agents/{SCRIBE}", None),
    ],
)
async def test_nobody_comes_or_goes_in_a_group_that_is_not_active(
    method: str, path: str, body: object, status: str, code: str
) -> None:
    directory = Directory(status)
    # Whoever leaves or is sent away must not be the only owner; whoever joins is not in yet.
    who = {"join": "joe", "leave": "mia"}.get(path.rsplit("/", 1)[-1], "gus")
    before = await directory.all_of_it()
    assert (await directory.ask(who, method, path, body)).json()["code"] == code
    if method == "DELETE" and "members" in path:
        assert (await directory.ask("mia", method, path, body)).json()["code"] == code, "not for themselves either"
    assert await directory.all_of_it() == before
    assert directory.orchestrator.told == []
    await directory.close()


@pytest.mark.parametrize("status", ["pending", "deleted"])
async def test_a_group_that_is_not_there_yet_or_any_more_is_found_by_nobody(status: str) -> None:
    directory = Directory(status)
    assert (await directory.ask("gus", "GET", f"/groups/{PRIVATE}")).json()["code"] == "not_found"
    await directory.close()


async def test_a_bearer_is_one_of_those_who_are_there(directory: Directory) -> None:
    assert (await directory.ask("nobody", "GET", "/me")).json()["code"] == "invalid_credential"


async def test_a_group_is_made_in_ones_own_org_alone(directory: Directory) -> None:
    answer = await directory.ask("joe", "POST", "/groups", {"org_id": ABROAD, "title": "T", "is_private": False})
    assert answer.json()["code"] == "not_found"
    made = (await directory.ask("joe", "POST", "/groups", GROUP)).json()["group_id"]
    assert directory.orchestrator.told == [("/infra/groups", {"group_id": made, "org_id": ORG, "user_id": JOE})]
    rows = await directory.database.rows("SELECT user_id, role FROM memberships WHERE group_id = ?", made)
    assert [tuple(row.values()) for row in rows] == [(JOE, "owner")]


async def test_an_archive_is_read_by_whoever_may_read_the_whole_log() -> None:
    directory = Directory("archived")
    path = f"/groups/{PUBLIC}/archive"
    answered = {who: (await directory.ask(who, "GET", path)).status_code for who in PEOPLE}
    assert answered == {"olga": 404, "amy": 200, "gus": 200, "mia": 200, "joe": 404, "eve": 404}
    await directory.database.rows("UPDATE groups SET history_visibility = 'since_join'")
    answered = {who: (await directory.ask(who, "GET", path)).status_code for who in MEMBERS}
    assert answered == {"gus": 200, "amy": 403, "mia": 403}
    await directory.close()
