"""Usage: what groups report is what their org reads, however often and in whatever order they report it."""

from typing import Any

import pytest

from tests.e2e.deployment import Deployment, Team

OTHER = "agt_" + "1" * 26
ZERO = {"runs": 0, "requests": 0, "input_tokens": 0, "output_tokens": 0, "tool_calls": 0}


def used(agent_id: str, day: str, runs: int) -> dict[str, Any]:
    """Numbers that tell the columns apart."""
    return {
        "agent_id": agent_id,
        "day": day,
        "runs": runs,
        "requests": 2 * runs,
        "input_tokens": 100 * runs,
        "output_tokens": 10 * runs,
        "tool_calls": 3 * runs,
    }


def totals(runs: int) -> dict[str, int]:
    return {name: int(value) for name, value in used("", "", runs).items() if name in ZERO}


def report(team: Team, group_id: str, *rows: dict[str, Any]) -> None:
    signer = team.deployment.session_signer(team.open_session(group_id), "orchestrator")
    answer = team.deployment.post_signed(signer, "/infra/usage", {"group_id": group_id, "used": rows})
    assert answer.json() == {"status": "ok"}


@pytest.fixture
def groups(team: Team) -> list[str]:
    scribe, groups = team.ids["scribe"], [team.new_group(), team.new_group()]
    report(team, groups[0], used(scribe, "2026-01-01", 1), used(scribe, "2026-01-02", 2))
    report(team, groups[0], used(scribe, "2026-01-02", 5))
    report(team, groups[0], used(scribe, "2026-01-02", 5), used(OTHER, "2026-01-02", 7))
    report(team, groups[0], used(scribe, "2026-01-02", 3))
    report(team, groups[1], used(scribe, "2026-01-02", 11))
    return groups


def asked(team: Team, query: str) -> tuple[dict[str, int], list[tuple[str, str | None, int]]]:
    answer = team.get("ada", f"/usage?from=2026-01-01&to=2026-01-31&{query}")
    return answer["total"], [(row["key"], row["name"], row["runs"]) for row in answer["rows"]]


def test_usage_is_added_up_by_day_group_and_agent(team: Team, groups: list[str]) -> None:
    everything = totals(1 + 5 + 7 + 11)
    assert asked(team, "by=day") == (everything, [("2026-01-01", None, 1), ("2026-01-02", None, 23)])
    assert asked(team, "by=group") == (everything, [(groups[0], "Test", 13), (groups[1], "Test", 11)])
    by_agent = sorted([(team.ids["scribe"], "Scribe", 17), (OTHER, None, 7)])
    assert asked(team, "by=agent") == (everything, by_agent)
    row = team.get("ada", "/usage?from=2026-01-01&to=2026-01-01")["rows"][0]
    assert row == {"key": "2026-01-01", "name": None, **totals(1)}


def test_days_are_included_and_pages_go_on(team: Team, groups: list[str]) -> None:
    del groups
    second = team.get("ada", "/usage?from=2026-01-02&to=2026-01-02")
    assert (second["total"], len(second["rows"])) == (totals(23), 1)
    assert team.get("ada", "/usage?from=2026-01-03&to=2026-01-01")["total"] == ZERO
    first = team.get("ada", "/usage?from=2026-01-01&to=2026-01-31&limit=1")
    assert (first["total"], first["next"]) == (totals(24), "2026-01-01")
    rest = team.get("ada", f"/usage?from=2026-01-01&to=2026-01-31&limit=1&after={first['next']}")
    assert ([row["key"] for row in rest["rows"]], rest["next"]) == (["2026-01-02"], None)


def test_a_deleted_agent_keeps_its_usage_and_its_name(team: Team, groups: list[str]) -> None:
    del groups
    team.call("ada", "DELETE", f"/agents/{team.ids['scribe']}").raise_for_status()
    assert (team.ids["scribe"], "Scribe", 17) in asked(team, "by=agent")[1]


def test_usage_is_for_those_who_run_the_org_and_for_no_other_org(
    team: Team, deployment: Deployment, groups: list[str]
) -> None:
    assert team.call("ben", "GET", "/usage").json()["code"] == "forbidden"
    other = deployment.new_team()
    assert other.get("ada", "/usage?from=2026-01-01&to=2026-01-31")["total"] == ZERO
    signer = deployment.session_signer(other.open_session(other.new_group()), "orchestrator")
    body = {"group_id": groups[0], "used": [used(team.ids["scribe"], "2026-01-02", 99)]}
    foreign = deployment.post_signed(signer, "/infra/usage", body)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert asked(team, "by=day")[0] == totals(24)


@pytest.mark.parametrize("query", ["from=yesterday", "from=0", "to=2026-13-01", "by=hour", "limit=0", "from=2026-1-1"])
def test_a_bad_question_is_told_so(team: Team, query: str) -> None:
    assert team.call("ada", "GET", f"/usage?{query}").json()["code"] == "invalid_body"
