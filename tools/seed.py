"""The people, agents and groups that a local deployment begins with.

Law: ids and tokens are made once and kept beside the keys; people and agents are written to the directory as an
operator would, groups are made over the API as a person would. Doing so again changes nothing.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from shared.clock import rfc3339
from shared.ids import id_maker
from tools.console import ToolError
from tools.local import LocalKeys, file_kept
from tools.stack import Stack

PEOPLE = (("Ada", "owner"), ("Grace", "admin"), ("Linus", "member"))
AGENTS = (("scribe", "Scribe", "scribe", ()), ("librarian", "Librarian", "librarian", ("search_history",)))
GROUPS = (("Product launch", True), ("Town square", False))


def seed_plan(folder: Path) -> dict[str, Any]:
    """The ids and tokens of this machine's demo people, made at the first call."""
    return dict(json.loads(file_kept(folder / "seed.json", _new_plan)))


def _new_plan() -> str:
    make_id = id_maker(lambda: time.time_ns() // 1_000_000, secrets.token_bytes)
    plan = {
        "org_id": make_id("org"),
        "users": [
            {"id": make_id("usr"), "name": name, "role": role, "token": f"prl_{secrets.token_urlsafe(32)}"}
            for name, role in PEOPLE
        ],
        "agents": [
            {"id": make_id("agt"), "handle": handle, "name": name, "model": model, "tools": tools}
            for handle, name, model, tools in AGENTS
        ],
    }
    return json.dumps(plan)


def seed_directory(stack: Stack, plan: Mapping[str, Any], digest: Callable[[str], str]) -> None:
    """Org, people, tokens and agents. `digest` is how the App stores a token."""
    now = rfc3339(time.time_ns() // 1_000_000)
    stack.query("INSERT OR IGNORE INTO orgs (id, name, created_at) VALUES (?, 'Demo', ?)", plan["org_id"], now)
    for user in plan["users"]:
        stack.query(
            "INSERT OR IGNORE INTO people (id, org_id, name, role, created_at) VALUES (?, ?, ?, ?, ?)",
            *(user["id"], plan["org_id"], user["name"], user["role"], now),
        )
        stack.query(
            "INSERT OR IGNORE INTO tokens (id, user_id, sha256, label, created_at) VALUES (?, ?, ?, 'demo', ?)",
            *(user["id"].replace("usr_", "tok_"), user["id"], digest(user["token"]), now),
        )
    for agent in plan["agents"]:
        stack.query(
            """INSERT OR IGNORE INTO agents (id, org_id, handle, name, provider, model, instructions, tools, created_at)
                VALUES (?, ?, ?, ?, 'builtin', ?, '', ?, ?)""",
            *(agent["id"], plan["org_id"], agent["handle"], agent["name"], agent["model"]),
            *(json.dumps(agent.get("tools", [])), now),
        )


def seed_groups(base_url: str, plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """The demo groups, with everybody in them; made when the first person is in none yet."""
    first, *others = plan["users"]
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {first['token']}"}, timeout=30) as client:
        present = _json(client.get("/groups"))["groups"]
        if not present:
            for title, is_private in GROUPS:
                agent_ids = [agent["id"] for agent in plan["agents"]]
                new = {"org_id": plan["org_id"], "title": title, "is_private": is_private, "agent_ids": agent_ids}
                group_id = _json(client.post("/groups", json=new))["group_id"]
                for user in others:
                    _json(client.post(f"/groups/{group_id}/members", json={"user_id": user["id"], "role": "member"}))
            present = _json(client.get("/groups"))["groups"]
    return [{"id": group["group_id"], "title": group["title"]} for group in present]


def demo_file(
    origins: Mapping[str, str], plan: Mapping[str, Any], groups: list[dict[str, str]], keys: LocalKeys
) -> dict[str, Any]:
    """What `.local/demo.json` tells programs that run against this deployment."""
    return {
        "base_url": origins["app"],
        "orchestrator_url": origins["orchestrator"],
        "agents_url": origins["agents"],
        "org_id": plan["org_id"],
        "users": [{"id": user["id"], "name": user["name"], "token": user["token"]} for user in plan["users"]],
        "agents": [{key: agent[key] for key in ("id", "handle", "name")} for agent in plan["agents"]],
        "groups": groups,
        "app_key_path": str(keys.app_key_path),
    }


def _json(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise ToolError(
            f"The App answered {response.status_code} to {response.request.method} {response.request.url.path} while "
            "the demo people moved in; its log lines above say why (`rm -r .local/state` begins afresh)."
        )
    return dict(response.json())
