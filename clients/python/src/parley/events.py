"""What a room tells its readers: durable events, numbered without a gap, and passing ones.

Law: frozen values that mirror the wire (subprotocol `groupchat.v1`), and the reading of them. An event of a type that
this version does not know keeps its number and arrives as `Unknown`, so that a newer server never makes a hole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from parley.decode import decode


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is `user`, `agent` or `system`."""

    id: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Agent:
    handle: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Mention:
    id: str
    kind: str


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """How agents take turns in a group; limits that are None are not set."""

    turn_policy: str = "mention"
    on_busy: str = "queue"
    turn_budget: int = 8
    hop_limit: int = 4
    selector_agent_id: str | None = None
    run_token_limit: int | None = None
    daily_token_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    tool_calls: int = 0


# ── durable events, by what happened ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class MessageCreated:
    text: str
    client_msg_id: str | None = None
    mentions: tuple[Mention, ...] = ()
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class MessageEdited:
    target: int
    text: str


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    target: int


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    emoji: str
    on: bool
    target: int


@dataclass(frozen=True, slots=True)
class MemberJoined:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberLeft:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberRoleChanged:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberRenamed:
    member: Member


@dataclass(frozen=True, slots=True)
class MemberErased:
    """What this person said is gone from the log, and so is their name: forget what you know of it."""

    user_id: str


@dataclass(frozen=True, slots=True)
class AgentAdded:
    agent: Agent


@dataclass(frozen=True, slots=True)
class AgentRemoved:
    agent: Agent


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """Its handle or its name, as they are now."""

    agent: Agent


@dataclass(frozen=True, slots=True)
class ReadMoved:
    position: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """`purpose` is `select` when the agent only decides who answers."""

    agent_id: str
    run_id: str
    trigger: int
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class RunFinished:
    """`outcome` is `success`, `cancelled`, `interrupted`, `error` or `limit`."""

    agent_id: str
    outcome: str
    run_id: str
    usage: Usage
    error: str | None = None
    message_seq: int | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRequested:
    """An agent asks `approvers` before it uses a tool. `args` is JSON; silence until `expires_at` means no."""

    agent_id: str
    approval_id: str
    approvers: tuple[str, ...]
    args: str
    args_digest: str
    expires_at: str
    run_id: str
    tool: str


@dataclass(frozen=True, slots=True)
class ApprovalResolved:
    """`outcome` is `approved`, `denied`, `expired` or `cancelled`."""

    approval_id: str
    outcome: str
    run_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LoopPaused:
    """Agents stopped calling each other until a person speaks. `limit` is `turns` or `hops`."""

    agent_ids: tuple[str, ...]
    limit: str
    trigger: int


@dataclass(frozen=True, slots=True)
class SelectorFailed:
    reason: str
    trigger: int
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupUpdated:
    title: str
    turns: TurnSettings = field(default_factory=TurnSettings)


@dataclass(frozen=True, slots=True)
class GroupArchived:
    reason: str


@dataclass(frozen=True, slots=True)
class GroupRestored:
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    raw: Mapping[str, Any]


EventData = (
    MessageCreated
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | MemberJoined
    | MemberLeft
    | MemberRoleChanged
    | MemberRenamed
    | MemberErased
    | AgentAdded
    | AgentRemoved
    | AgentChanged
    | ReadMoved
    | RunStarted
    | RunFinished
    | ApprovalRequested
    | ApprovalResolved
    | LoopPaused
    | SelectorFailed
    | GroupUpdated
    | GroupArchived
    | GroupRestored
    | Unknown
)

_DATA: Final[dict[str, type[EventData]]] = {
    "message.created": MessageCreated,
    "message.edited": MessageEdited,
    "message.deleted": MessageDeleted,
    "reaction.changed": ReactionChanged,
    "member.joined": MemberJoined,
    "member.left": MemberLeft,
    "member.role_changed": MemberRoleChanged,
    "member.renamed": MemberRenamed,
    "member.erased": MemberErased,
    "agent.added": AgentAdded,
    "agent.removed": AgentRemoved,
    "agent.changed": AgentChanged,
    "read.moved": ReadMoved,
    "run.started": RunStarted,
    "run.finished": RunFinished,
    "approval.requested": ApprovalRequested,
    "approval.resolved": ApprovalResolved,
    "loop.paused": LoopPaused,
    "selector.failed": SelectorFailed,
    "group.updated": GroupUpdated,
    "group.archived": GroupArchived,
    "group.restored": GroupRestored,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the group's log. `seq` counts 1, 2, 3 … within `epoch`; `ts` is RFC 3339 in UTC.

    `digests` are there once its person was erased: the texts they stand for are empty.
    """

    actor: Actor
    epoch: str
    seq: int
    ts: str
    type: str
    data: EventData
    causation: int | None = None
    run_id: str | None = None
    digests: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """An event without its data."""

    actor: Actor
    epoch: str
    seq: int
    ts: str
    type: str
    causation: int | None = None
    run_id: str | None = None
    digests: dict[str, str] | None = None


def event_of(value: Mapping[str, Any]) -> Event:
    """Raises Undecodable."""
    head = decode(_Head, value)
    raw = value.get("data", {})
    kind = _DATA.get(head.type)
    data = Unknown(raw) if kind is None else decode(kind, raw)
    return Event(head.actor, head.epoch, head.seq, head.ts, head.type, data, head.causation, head.run_id, head.digests)


# ── passing events: no number, never repeated ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RunDelta:
    """More of a run's text. `offset` counts Unicode code points."""

    run_id: str
    agent_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class TypingNow:
    user_id: str
    on: bool


@dataclass(frozen=True, slots=True)
class Presence:
    user_id: str
    online: bool


# ── starting over ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class MessageState:
    """A message as it stands: edits, deletion and reactions applied."""

    seq: int
    ts: str
    actor: Actor
    text: str
    reply_to: int | None = None
    run_id: str | None = None
    edited: bool = False
    deleted: bool = False
    reactions: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest messages as they stand at `seq`."""

    seq: int
    messages: tuple[MessageState, ...] = ()


@dataclass(frozen=True, slots=True)
class Reset:
    """What follows does not continue what came before: forget it, and go on from `snapshot`."""

    snapshot: Snapshot


Item = Event | RunDelta | TypingNow | Presence | Reset
