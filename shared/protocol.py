"""The wire between clients and a group: every command and event of subprotocol `groupchat.v1`.

Law: what goes over a socket is one of the frozen types here and in `replies`; the AsyncAPI document and the
wire-surface test are made from them. Nothing here knows of sockets, storage or time.
"""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from shared.ids import AgentId, RunId
from shared.wire import Wire

SUBPROTOCOL: Final = "groupchat.v1"
BEARER_SUBPROTOCOL_PREFIX: Final = "groupchat.bearer."
FRAME_LIMIT_BYTES: Final = 64 * 1024
DEPTH_LIMIT: Final = 32
TEXT_LIMIT_CHARS: Final = 16_000

ClientMsgId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LIMIT_CHARS, pattern=r"\S")]
Seq = Annotated[int, Field(ge=1, le=2**53 - 1)]
Position = Annotated[int, Field(ge=0, le=2**53 - 1)]


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

ActorKind = Literal["user", "agent", "system"]
Role = Literal["owner", "member"]
RunOutcome = Literal["success", "cancelled", "interrupted", "error", "limit"]
ApprovalOutcome = Literal["approved", "denied", "expired", "cancelled"]


class Actor(Wire):
    id: str
    kind: ActorKind
    name: str


SYSTEM: Final = Actor(kind="system", id="system", name="Parley")


class Member(Wire):
    id: str
    name: str
    role: Role


class Agent(Wire):
    handle: str
    id: str
    name: str


class Mention(Wire):
    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    kind: Literal["user", "agent"]


TurnPolicy = Literal["mention", "all", "round_robin", "selector", "silent"]
"""Who answers a message that addresses nobody; one that names agents is answered by them, unless all are `silent`."""
OnBusy = Literal["queue", "merge", "interrupt", "drop"]
"""What becomes of a message for an agent that is speaking already."""
HARD_HOPS: Final = 16
HARD_TURNS: Final = 32
TurnCount = Annotated[int, Field(ge=0, le=HARD_TURNS)]
HopCount = Annotated[int, Field(ge=1, le=HARD_HOPS)]
TokenCount = Annotated[int, Field(ge=1, le=2**40)]


class TurnSettings(Wire):
    """How agents take turns in a group.

    `hop_limit`: how far agents may call each other on from a person's message. `turn_budget`: how many turns they may
    take on each other's word before a person speaks again. Token limits hold for a run and for the group's day (UTC).
    """

    daily_token_limit: TokenCount | None = None
    hop_limit: HopCount = 4
    on_busy: OnBusy = "queue"
    run_token_limit: TokenCount | None = None
    selector_agent_id: AgentId | None = None
    turn_budget: TurnCount = 8
    turn_policy: TurnPolicy = "mention"


class Usage(Wire):
    """Tokens and calls of one run, in pydantic-ai's names."""

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    tool_calls: int = 0

    def plus(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            requests=self.requests + other.requests,
            tool_calls=self.tool_calls + other.tool_calls,
        )


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Command(Wire):
    NAME: ClassVar[str]


class Hello(Command):
    """First on every socket: from where to resume, and how far each run's text is known (code points)."""

    NAME = "hello"
    since: Position | None = None
    epoch: str | None = None
    runs: dict[RunId, Position] = Field(default_factory=dict, max_length=64)


class Send(Command):
    NAME = "send"
    client_msg_id: ClientMsgId
    text: MessageText
    mentions: Annotated[tuple[Mention, ...], Field(max_length=32, strict=False)] = ()
    reply_to: Seq | None = None


class Edit(Command):
    NAME = "edit"
    seq: Seq
    text: MessageText


class Delete(Command):
    NAME = "delete"
    seq: Seq


class React(Command):
    NAME = "react"
    seq: Seq
    emoji: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^\S+$")]
    on: bool = True


class Read(Command):
    NAME = "read"
    seq: Position


class Typing(Command):
    NAME = "typing"
    on: bool


class History(Command):
    """A page of the log: the `limit` events before or after a seq; without either, the newest."""

    NAME = "history"
    before: Seq | None = None
    after: Position | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Members(Command):
    NAME = "members"


class RunsCancel(Command):
    """Stop a run, or all runs that one of your messages started."""

    NAME = "runs.cancel"
    run_id: RunId | None = None
    client_msg_id: ClientMsgId | None = None


class Approve(Command):
    """A word on a tool that an agent wants to use; only those who were asked may give it, and only the first counts."""

    NAME = "approve"
    approval_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    approved: bool
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None


class Refresh(Command):
    NAME = "refresh"
    token: Annotated[str, StringConstraints(min_length=1, max_length=2048)]


COMMANDS: Final[dict[str, type[Command]]] = {
    command.NAME: command
    for command in (Hello, Send, Edit, Delete, React, Read, Typing, History, Members, RunsCancel, Approve, Refresh)
}


# ── events: durable, numbered, in one order for all. Members stand in alphabetical order: that makes the text canonical
#    (RFC 8785) without sorting ────────────────────────────────────────────────────────────────────────────────────────


class MessageCreated(Wire):
    client_msg_id: str | None = None
    mentions: tuple[Mention, ...] = ()
    reply_to: int | None = None
    text: str


class MessageEdited(Wire):
    target: int
    text: str


class MessageDeleted(Wire):
    target: int


class ReactionChanged(Wire):
    emoji: str
    on: bool
    target: int


class MemberJoined(Wire):
    member: Member


class MemberLeft(Wire):
    member: Member


class MemberRoleChanged(Wire):
    member: Member


class MemberRenamed(Wire):
    member: Member


class MemberErased(Wire):
    """What this person said is gone from the log, and so is their name: forget what you know of it."""

    user_id: str


class AgentAdded(Wire):
    agent: Agent


class AgentRemoved(Wire):
    agent: Agent


class AgentChanged(Wire):
    """Its handle or its name, as they are now."""

    agent: Agent


class ReadMoved(Wire):
    position: int


class RunStarted(Wire):
    """`purpose` is `select` when the agent only decides who answers; then nobody is shown its words."""

    agent_id: str
    purpose: Literal["select"] | None = None
    run_id: str
    trigger: int


class RunFinished(Wire):
    agent_id: str
    error: str | None = None
    message_seq: int | None = None
    outcome: RunOutcome
    run_id: str
    usage: Usage


class ApprovalRequested(Wire):
    """An agent asks before it uses a tool. `args` is JSON, `args_digest` its SHA-256 in hex; silence means no."""

    agent_id: str
    approval_id: str
    approvers: tuple[str, ...]
    args: str
    args_digest: str
    expires_at: str
    run_id: str
    tool: str


class ApprovalResolved(Wire):
    approval_id: str
    outcome: ApprovalOutcome
    reason: str | None = None
    run_id: str


class LoopPaused(Wire):
    """Agents would have gone on among themselves; they wait for a person. `trigger` would have asked `agent_ids`."""

    agent_ids: tuple[str, ...]
    limit: Literal["turns", "hops"]
    trigger: int


class SelectorFailed(Wire):
    """Nobody answers `trigger`, since the selector did not name anybody who could."""

    agent_id: str | None = None
    reason: str
    trigger: int


class GroupUpdated(Wire):
    title: str
    turns: TurnSettings = TurnSettings()


class GroupArchivedData(Wire):
    reason: str


class GroupRestored(Wire):
    """Archived before, live again: from here on under another epoch."""

    reason: str


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
    | GroupArchivedData
    | GroupRestored
)

EVENT_TYPES: Final[dict[type[Wire], str]] = {
    MessageCreated: "message.created",
    MessageEdited: "message.edited",
    MessageDeleted: "message.deleted",
    ReactionChanged: "reaction.changed",
    MemberJoined: "member.joined",
    MemberLeft: "member.left",
    MemberRoleChanged: "member.role_changed",
    MemberRenamed: "member.renamed",
    MemberErased: "member.erased",
    AgentAdded: "agent.added",
    AgentRemoved: "agent.removed",
    AgentChanged: "agent.changed",
    ReadMoved: "read.moved",
    RunStarted: "run.started",
    RunFinished: "run.finished",
    ApprovalRequested: "approval.requested",
    ApprovalResolved: "approval.resolved",
    LoopPaused: "loop.paused",
    SelectorFailed: "selector.failed",
    GroupUpdated: "group.updated",
    GroupArchivedData: "group.archived",
    GroupRestored: "group.restored",
}


class Event(Wire):
    """One entry of the group's log, written once: so it is stored, sent to every observer, and hashed by the archive.

    Where `digests` stand in for texts, these were erased since.
    """

    actor: Actor
    causation: int | None = None
    data: EventData
    digests: dict[str, str] | None = None
    epoch: str
    run_id: str | None = None
    seq: int
    ts: str
    type: str

    def text(self) -> str:
        return self.json_bytes(exclude_none=True).decode()
