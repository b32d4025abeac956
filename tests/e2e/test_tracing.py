"""One trace leads through the logs of all Workers."""

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.deployment import Deployment, Team
from tests.e2e.seat import Sit

PATIENCE_S = 60
Line = dict[str, Any]


def lines_of(deployment: Deployment, holds: Callable[[Line], bool], *wanted: tuple[str, str]) -> list[Line]:
    """The lines of the log that this is true of, once those of each (worker, event) wanted are among them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = [line for line in map(json.loads, structured(deployment)) if holds(line)]
        missing = set(wanted) - {(line["worker"], line["event"]) for line in found}
        if not missing:
            return found
        assert time.monotonic() < deadline, f"no {missing} in {found}"


def structured(deployment: Deployment) -> list[str]:
    return [text for text in list(deployment.log_lines) if text.startswith('{"time"')]


def traced(deployment: Deployment, trace_id: str, *wanted: tuple[str, str]) -> list[Line]:
    return lines_of(deployment, about("trace_id", trace_id), *wanted)


def about(field: str, value: str) -> Callable[[Line], bool]:
    return lambda line: line.get(field) == value


def call(team: Team, path: str, body: object, traceparent: str) -> Line:
    headers = {"Authorization": f"Bearer {team.bearers['ada']}", "traceparent": traceparent}
    answer = team.deployment.request("POST", team.deployment.origin("app") + path, json=body, headers=headers)
    assert answer.is_success, answer.text
    return dict(answer.json())


def assert_one_chain(lines: list[Line], root: str) -> None:
    """Every part was asked for by another part of the trace, the first of them by the caller outside."""
    spans = {line["span_id"] for line in lines}
    assert {line["parent_id"] for line in lines} <= spans | {root}
    assert [line["worker"] for line in lines if line["parent_id"] == root] == ["app"]


def test_making_a_group_is_one_trace_from_the_app_to_its_controller(team: Team) -> None:
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    new = {"org_id": team.org_id, "title": "Traced", "is_private": True, "agent_ids": []}
    call(team, "/groups", new, f"00-{trace_id}-{span_id}-01")
    lines = traced(
        team.deployment,
        trace_id,
        *(("app", "request"), ("orchestrator", "request"), ("group_controller", "call")),
    )
    assert_one_chain(lines, span_id)


def test_a_message_over_http_is_one_trace_to_the_end_of_the_agents_answer(team: Team) -> None:
    group_id = team.new_group()
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    message = {"client_msg_id": "traced", "text": "@scribe sum up"}
    call(team, f"/groups/{group_id}/messages", message, f"00-{trace_id}-{span_id}-01")
    lines = traced(
        team.deployment,
        trace_id,
        *(("app", "request"), ("orchestrator", "request"), ("group_controller", "call")),
        *(("group_controller", "run_started"), ("agents", "request"), ("group_controller", "run_ended")),
    )
    assert_one_chain(lines, span_id)


async def test_a_message_over_a_socket_is_one_trace_to_the_end_of_the_agents_answer(team: Team, sit: Sit) -> None:
    ada = await sit("ada", team.new_group())
    await ada.say("@scribe sum up")
    await ada.say("@scribe and again")
    traces = set()
    for started in await ada.until_type("run.started", 2):
        run_id = started["run_id"]
        ended = lines_of(team.deployment, about("run_id", run_id), ("group_controller", "run_ended"))
        (trace_id,) = {line["trace_id"] for line in ended}
        traced(team.deployment, trace_id, ("group_controller", "run_started"), ("agents", "request"))
        traces.add(trace_id)
    assert len(traces) == 2


async def test_a_connection_is_one_trace_from_the_door_to_the_room(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    await sit("ada", group_id)
    (admitted,) = lines_of(team.deployment, about("group_id", group_id), ("orchestrator", "socket_admitted"))
    traced(team.deployment, admitted["trace_id"], ("group_controller", "connection"))


def test_a_trace_in_bad_form_is_not_taken_over(team: Team) -> None:
    marker = secrets.token_hex(16)
    team.deployment.request(
        "GET", team.deployment.origin("app") + f"/groups/{marker}", headers={"traceparent": f"00-{marker}"}
    )
    team.get("ada", "/me")
    assert not [line for line in structured(team.deployment) if f'"trace_id":"{marker}' in line]
