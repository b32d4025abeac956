"""What a client that only reads events believes the room looks like.

Law: a plain fold over events, written apart from the server's own way of making a snapshot, so that the two can be held
against each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]


@dataclass
class Believed:
    """The room after some events."""

    title: str = ""
    members: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    messages: dict[int, Frame] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    open_runs: set[str] = field(default_factory=set)
    open_approvals: dict[str, Frame] = field(default_factory=dict)
    turns: Frame = field(default_factory=dict)

    def see(self, event: Frame) -> None:
        data, who = event["data"], event["actor"]["id"]
        match event["type"]:
            case "message.created":
                self.messages[event["seq"]] = {
                    "seq": event["seq"],
                    "ts": event["ts"],
                    "actor": event["actor"],
                    "text": data["text"],
                    "reply_to": data.get("reply_to"),
                    "run_id": event.get("run_id"),
                    "edited": False,
                    "deleted": "digests" in event,
                    "reactions": {},
                }
            case "message.edited":
                if "digests" not in event:
                    self.messages[data["target"]] |= {"text": data["text"], "edited": True}
            case "message.deleted":
                self.messages[data["target"]] |= {"text": "", "edited": False, "deleted": True, "reactions": {}}
            case "reaction.changed":
                self._react(data, who)
            case "read.moved":
                self.reads[who] = data["position"]
            case "group.updated":
                self.title, self.turns = data["title"], data["turns"]
            case "group.archived":
                pass
            case _:
                self._see_agents(event["type"], data)

    def _see_agents(self, kind: str, data: Frame) -> None:
        match kind:
            case "run.started":
                self.open_runs.add(data["run_id"])
            case "run.finished":
                self.open_runs.remove(data["run_id"])
            case "approval.requested":
                self.open_approvals[data["approval_id"]] = data
            case "approval.resolved":
                del self.open_approvals[data["approval_id"]]
            case "loop.paused" | "selector.failed" | "group.restored":
                pass
            case "member.erased":
                self._forget(data["user_id"])
            case "member.left" | "member.joined" | "member.role_changed" | "member.renamed":
                self._member(kind, data["member"])
            case "agent.removed" | "agent.added" | "agent.changed":
                self._agent(kind, data["agent"])
            case unknown:
                raise AssertionError(f"an event that no client knows: {unknown}")

    def _forget(self, user_id: str) -> None:
        for message in self.messages.values():
            if message["actor"]["id"] == user_id:
                nameless = message["actor"] | {"name": ""}
                message |= {"actor": nameless, "text": "", "edited": False, "deleted": True, "reactions": {}}

    def _member(self, what: str, member: Frame) -> None:
        self.members[member["id"]], self.names[member["id"]] = member["role"], member["name"]
        if what == "member.left":
            del self.members[member["id"]], self.names[member["id"]]

    def _agent(self, what: str, agent: Frame) -> None:
        self.agents[agent["id"]] = agent["handle"]
        if what == "agent.removed":
            del self.agents[agent["id"]]

    def _react(self, data: Frame, who: str) -> None:
        if self.messages[data["target"]]["deleted"]:
            return
        reactions = self.messages[data["target"]]["reactions"]
        users = [user for user in reactions.pop(data["emoji"], []) if user != who]
        if data["on"]:
            users = sorted([*users, who])
        if users:
            reactions[data["emoji"]] = users


def believed(events: Iterable[Frame]) -> Believed:
    room = Believed()
    for event in events:
        room.see(event)
    return room


def as_snapshot(room: Believed, limit: int) -> list[Frame]:
    """The newest messages as a snapshot would show them: members that are null are left out."""
    newest = [room.messages[seq] for seq in sorted(room.messages)[-limit:]]
    return [{name: value for name, value in message.items() if value is not None} for message in newest]


def assert_same_room(hello: Frame, room: Believed, snapshot_limit: int) -> None:
    """A fresh hello shows the room that the events add up to."""
    assert (hello["group"]["title"], hello["group"]["turns"]) == (room.title, room.turns)
    assert {asked["approval_id"]: asked for asked in hello["approvals"]} == room.open_approvals
    assert {m["id"]: m["role"] for m in hello["members"]} == room.members
    assert {m["id"]: m["name"] for m in hello["members"]} == room.names
    assert {a["id"]: a["handle"] for a in hello["agents"]} == room.agents
    assert hello["reads"] == room.reads
    assert {run["run_id"] for run in hello["runs"]} == room.open_runs
    assert hello["snapshot"]["messages"] == as_snapshot(room, snapshot_limit)
