"""An agent without a line of code: a record of who it is and whose words it speaks.

    python examples/agent_over_the_api.py http://127.0.0.1:8787 prl_...

makes a librarian in the org that this token (an owner's or an admin's) belongs to, and prints its id.
"""

import sys

import httpx

LIBRARIAN = {
    "handle": "archivist",
    "name": "Archivist",
    "provider": "builtin",
    "model": "librarian",
    "tools": ["search_history"],
}


def create_agent(base_url: str, token: str, agent: dict[str, object]) -> str:
    """The id of the new agent, by which groups take it in."""
    response = httpx.post(f"{base_url}/agents", json=agent, headers={"Authorization": f"Bearer {token}"})
    response.raise_for_status()
    return str(response.json()["id"])


if __name__ == "__main__":
    sys.stdout.write(create_agent(sys.argv[1], sys.argv[2], dict(LIBRARIAN)) + "\n")
