"""A stack with people in it, and a fresh group for each round."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from app.auth import token_digest
from shared.ids import id_maker
from tools.chaos.frames import page_events
from tools.local import local_keys, overrides, register_app_key
from tools.seed import seed_directory
from tools.stack import Ports, Stack

CONTROLLER: Final = "GroupController"
PAGE_EVENTS: Final = 200
NOTHING: Final[Mapping[str, Mapping[str, str]]] = {}
NOBODY: Final[Mapping[str, Path]] = {}
_STARTED_RUNS: Final = "SELECT count(*) AS started FROM events WHERE type = 'run.started'"
_OPEN_RUNS: Final = "SELECT count(*) AS open FROM runs WHERE status <> 'finished'"


@dataclass(frozen=True)
class Person:
    id: str
    name: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class Town:
    stack: Stack
    org_id: str
    people: tuple[Person, ...]
    agent_id: str

    def new_group(self, title: str) -> "Room":
        """A group with everybody and the scribe in it."""
        first, *others = self.people
        new = {"org_id": self.org_id, "title": title, "is_private": True, "agent_ids": [self.agent_id]}
        with httpx.Client(base_url=self.stack.origins["app"], headers=first.headers, timeout=30) as client:
            group_id = str(_json(client.post("/groups", json=new))["group_id"])
            for person in others:
                body = {"user_id": person.id, "role": "member"}
                _json(client.post(f"/groups/{group_id}/members", json=body))
        return Room(self.stack, group_id, self.people)


@dataclass(frozen=True)
class Room:
    """One group: where it is, who is in it, and what lies in its storage."""

    stack: Stack
    group_id: str
    people: tuple[Person, ...]

    @property
    def address(self) -> str:
        return self.stack.origins["app"].replace("http", "ws", 1) + f"/groups/{self.group_id}/ws"

    @property
    def url(self) -> str:
        return f"{self.stack.origins['app']}/groups/{self.group_id}"

    def stored_events(self) -> tuple[str, ...]:
        rows = self.stack.object_sql(CONTROLLER, self.group_id, "SELECT body FROM events ORDER BY seq")
        return tuple(str(row["body"]) for row in rows)

    def open_runs(self) -> int:
        return int(self.stack.object_sql(CONTROLLER, self.group_id, _OPEN_RUNS)[0]["open"])

    def started_runs(self) -> int:
        return int(self.stack.object_sql(CONTROLLER, self.group_id, _STARTED_RUNS)[0]["started"])

    def paged_events(self) -> tuple[str, ...]:
        """The whole log over HTTP."""
        events: list[str] = []
        with httpx.Client(headers=self.people[0].headers, timeout=30) as client:
            while True:
                query = {"after": len(events), "limit": PAGE_EVENTS}
                page = client.get(f"{self.url}/messages", params=query).raise_for_status().text
                events += page_events(page)
                if not json.loads(page)["more"]:
                    return tuple(events)


@contextmanager
def town(
    root: Path,
    scratch: Path,
    names: Sequence[str],
    told: Mapping[str, Mapping[str, str]] = NOTHING,
    beside: Mapping[str, Path] = NOBODY,
) -> Iterator[Town]:
    """Starts a stack of its own on free ports; its data goes when it ends.

    `told`: settings on top of the local ones. `beside`: further Workers, as `Stack.start` takes them.
    """
    keys = local_keys(scratch)
    ports = Ports(0, 0, 0).resolve()
    make_id = id_maker(lambda: time.time_ns() // 1_000_000, secrets.token_bytes)
    people = tuple(Person(make_id("usr"), name, f"prl_{secrets.token_urlsafe(32)}") for name in names)
    agent_id = make_id("agt")
    plan: dict[str, Any] = {
        "org_id": make_id("org"),
        "users": [{"id": p.id, "name": p.name, "role": "member", "token": p.token} for p in people],
        "agents": [{"id": agent_id, "handle": "scribe", "name": "Scribe", "model": "scribe"}],
    }
    plan["users"][0]["role"] = "owner"
    settings = {worker: own | dict(told.get(worker, {})) for worker, own in overrides(keys, ports).items()}
    with Stack.start(root=root, ports=ports, state_dir=None, overrides=settings, beside=beside) as stack:
        stack.migrate()
        register_app_key(stack, keys)
        seed_directory(stack, plan, token_digest)
        yield Town(stack, plan["org_id"], people, agent_id)


def _json(response: httpx.Response) -> dict[str, Any]:
    return dict(response.raise_for_status().json())
