"""One turn of an agent as a Group Controller would ask for it."""

from typing import Any

from tests.e2e.deployment import Team


def run_request(team: Team, group_id: str, agent: str = "scribe") -> dict[str, Any]:
    ada = {"kind": "user", "id": team.ids["ada"], "name": "Ada"}
    said = "We decided to open on Friday. Who brings the tables?"
    return {
        "agent_id": team.ids[agent],
        "messages": [{"seq": 5, "ts": "2026-11-23T09:00:00.000Z", "sender": ada, "text": said}],
        "context": {
            "group_id": group_id,
            "run_id": "run_00000000000000000000000000",
            "title": "Test",
            "trigger": 5,
            "agent": {
                "id": team.ids[agent],
                "handle": "scribe",
                "name": "Scribe",
                "provider": "builtin",
                "model": "scribe",
            },
            "members": [{"id": team.ids["ada"], "name": "Ada", "role": "owner"}],
            "requested_by": ada,
        },
    }
