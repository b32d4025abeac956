"""Schemathesis against the App on the real runtime: document and behaviour agree, whatever it thinks of.

All of its phases and checks, with ids that exist, so that it gets past the first 404. `--fuzz-examples` makes
it think longer.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment, Team
from tools.openapi import EXAMPLE_IDS

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "api" / "app.openapi.json"
PATIENCE_S = 3600
# What ends something gets things of its own to end.
ENDS_A_GROUP = ("archive_group", "restore_group", "delete_group")
# What a document cannot say: which members go together, that words are looked for, that ids are of somebody in there,
# which addresses are public.
MAY_BE_REFUSED = (
    "create_group",
    "change_group",
    "read_messages",
    "search_messages",
    "send_message",
    "create_webhook",
    "change_webhook",
)
ACCEPTED = ("2xx", "304", "401", "403", "404", "409", "412")
REFUSED = ("400", "401", "403", "404", "409", "412", "415", "422")
OPERATORS = ("create_org", "deep_healthz")
ENDS_A_PERSON = ("disable_person", "enable_person")


def real_ids(team: Team) -> dict[str, str]:
    token = team.get("ada", f"/people/{team.ids['ben']}/tokens")["tokens"][0]["id"]
    group_id = team.new_group("ben")
    team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "1", "text": "@scribe sum up"})
    return {
        "group_id": group_id,
        "user_id": team.ids["ben"],
        "agent_id": team.ids["scribe"],
        "org_id": team.org_id,
        "token_id": token,
    }


def config(deployment: Deployment, team: Team, ids: Mapping[str, str]) -> str:
    """Its schemathesis.toml: who calls, with which ids."""
    doomed = team.new_group("ben")
    doomed_agent = {"handle": "doomed", "name": "Doomed", "provider": "builtin", "model": "scribe"}
    hook = {"url": "http://127.0.0.1:65535/", "events": ["message.created"], "label": "Test"}
    webhook, doomed_webhook = (team.post("ada", "/webhooks", hook)["webhook"]["id"] for _ in range(2))
    archived = team.new_group("ben")
    team.post("ada", f"/groups/{archived}/archive", {"reason": "to be read"})
    operator = f'headers = {{ Authorization = "Bearer {deployment.keys.operator_token}" }}'
    lines = [
        f"checks.positive_data_acceptance.expected-statuses = {list(ACCEPTED)}",
        f"checks.negative_data_rejection.expected-statuses = {list(REFUSED)}",
        f'headers = {{ Authorization = "Bearer {team.bearers["ada"]}" }}',
        *parameters(**ids, webhook_id=webhook),
        *operation("delete_webhook", *parameters(webhook_id=doomed_webhook)),
        *(line for name in OPERATORS for line in operation(name, operator)),
        *(
            line
            for name in MAY_BE_REFUSED
            for line in operation(name, f"checks.positive_data_acceptance.expected-statuses = {[*ACCEPTED, '422']}")
        ),
        # A disabled person is disabled, and still there to be read of.
        *operation("read_person", "checks.use_after_free.enabled = false"),
        # A socket; the others speak HTTP.
        *operation("connect", "enabled = false"),
        *operation("delete_agent", *parameters(agent_id=team.post("ada", "/agents", doomed_agent)["id"])),
        *(line for name in ENDS_A_GROUP for line in operation(name, *parameters(group_id=doomed))),
        *(line for name in ENDS_A_PERSON for line in operation(name, *parameters(user_id=team.ids["cleo"]))),
        # Only a body that names the same person again erases them; of the others each is refused.
        *operation(
            "erase_person",
            *parameters(user_id=team.ids["cleo"]),
            f"checks.positive_data_acceptance.expected-statuses = {[*ACCEPTED, '422']}",
        ),
        *(
            line
            for name in ("download_archive", "read_manifest")
            for line in operation(name, *parameters(group_id=archived))
        ),
    ]
    return "\n".join(lines)


def document(ids: Mapping[str, str]) -> str:
    """The document with ids that exist: in its examples, and as the only ones that a body may name."""
    text = DOCUMENT.read_text()
    for name, example in EXAMPLE_IDS.items():
        text = text.replace(example, ids.get(name, example))
    found = json.loads(text)
    for schema in found["components"]["schemas"].values():
        for name, member in schema.get("properties", {}).items():
            if name in ids and "pattern" in member:
                schema["properties"][name] = {"const": ids[name]}
            elif name == "agent_ids":
                member["items"] = {"const": ids["agent_id"]}
    return json.dumps(found)


def operation(name: str, *lines: str) -> list[str]:
    return ["[[operations]]", f'include-operation-id = "{name}"', *lines]


def parameters(**ids: str) -> list[str]:
    return ["parameters = { " + ", ".join(f'"path.{name}" = "{value}"' for name, value in ids.items()) + " }"]


def test_whatever_is_asked_is_answered_as_documented(
    deployment: Deployment, team: Team, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ids = real_ids(team)
    settings, described = tmp_path / "schemathesis.toml", tmp_path / "openapi.json"
    settings.write_text(config(deployment, team, ids))
    described.write_text(document(ids))
    report = tmp_path / "report.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", settings),
        *("run", described, "--url", deployment.origin("app"), "--checks", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--seed", "1", "--no-shrink", "--continue-on-failure"),
        *("--max-examples", str(request.config.getoption("--fuzz-examples"))),
        *("--report", "json", "--report-json-path", report),
    ]
    done = subprocess.run(  # noqa: S603 -- a tool of ours, our own arguments
        [str(part) for part in command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    assert json.loads(report.read_text())
