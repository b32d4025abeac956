"""A deployment as tests describe it."""

from typing import Any, Final

from tools.deploy.target import Deployment

FILE: Final[dict[str, Any]] = {
    "environment": "production",
    "prefix": "harbour",
    "origins": {
        "app": "https://chat.harbour.test",
        "orchestrator": "https://harbour-orchestrator.kitchen.workers.dev",
        "agents": "https://harbour-agents.kitchen.workers.dev",
    },
    "vars": {
        "agents": {
            "PROVIDERS": '[{"name":"openai","base_url":"https://api.openai.test/v1","key_secret":"OPENAI_API_KEY"}]'
        }
    },
    "first_org": {"name": "Harbour Kitchen", "owner": "Ada"},
}


def deployment(**changes: object) -> Deployment:
    return Deployment.parse("production", FILE | changes)
