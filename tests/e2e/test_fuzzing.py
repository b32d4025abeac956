"""Schemathesis against the App on the real runtime: document and behaviour agree, whatever it thinks of.

All of its phases and checks, with ids that exist, so that it gets past the first 404. `--fuzz-examples` makes
it think longer.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment, Team

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
ENDS_A_PERSON = ("disable_person", "enable_person")


def config(deployment: Deployment, team: Team) -> str:
    """Its schemathesis.toml: who calls, with which ids."""
    group_id, doomed = team.new_group("ben"), team.new_group("ben")
    doomed_agent = {"handle": "doomed", "name": "Doomed", "provider": "builtin", "model": "scribe"}
    token = team.get("ada", f"/people/{team.ids['ben']}/tokens")["tokens"][0]["id"]
    hook = {"url": "http://127.0.0.1:65535/", "events": ["message.created"], "label": "Test"}
    webhook, doomed_webhook = (team.post("ada", "/webhooks", hook)["webhook"]["id"] for _ in range(2))
    archived = team.new_group("ben")
    team.post("ada", f"/groups/{archived}/archive", {"reason": "to be read"})
    lines = [
        f"checks.positive_data_acceptance.expected-statuses = {list(ACCEPTED)}",
        f"checks.negative_data_rejection.expected-statuses = {list(REFUSED)}",
        f'headers = {{ Authorization = "Bearer {team.bearers["ada"]}" }}',
        *parameters(
            group_id=group_id,
            user_id=team.ids["ben"],
            agent_id=team.ids["scribe"],
            org_id=team.org_id,
            token_id=token,
            webhook_id=webhook,
        ),
        *operation("delete_webhook", *parameters(webhook_id=doomed_webhook)),
        *operation("create_org", f'headers = {{ Authorization = "Bearer {deployment.keys.operator_token}" }}'),
        *(
            line
            for name in MAY_BE_REFUSED
            for line in operation(name, f"checks.positive_data_acceptance.expected-statuses = {[*ACCEPTED, '422']}")
        ),
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


def operation(name: str, *lines: str) -> list[str]:
    return ["[[operations]]", f'include-operation-id = "{name}"', *lines]


def parameters(**ids: str) -> list[str]:
    return ["parameters = { " + ", ".join(f'"path.{name}" = "{value}"' for name, value in ids.items()) + " }"]


def test_whatever_is_asked_is_answered_as_documented(
    deployment: Deployment, team: Team, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(config(deployment, team))
    report = tmp_path / "report.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", settings),
        *("run", DOCUMENT, "--url", deployment.origin("app"), "--checks", "all"),
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
