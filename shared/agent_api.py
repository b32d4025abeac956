"""What a Group Controller asks of the Agents Worker, and the stream that answers.

Law: types only. Event and result names are pydantic-ai's, so that an agent written with it maps one to one.
What it has no event for is ours: deferred_tool_requests, run_usage, run_error.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from shared.ids import AgentId, GroupId, RunId
from shared.protocol import Actor, Agent, Member, Usage

TRANSCRIPT_LIMIT: Final = 500
RUN_ID_HEADER: Final = "X-Run-Id"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


ToolName = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,63}$")]
TOOLS_LIMIT: Final = 32
STATE_LIMIT_CHARS: Final = 512 * 1024


class AgentProfile(_Model):
    """How an agent of this group is set up."""

    id: AgentId
    handle: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    provider: Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
    model: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    instructions: Annotated[str, StringConstraints(max_length=8000)] = ""
    tools: Annotated[tuple[ToolName, ...], Field(max_length=TOOLS_LIMIT)] = ()


class TurnMessage(_Model):
    """One message of the conversation, attributed by stable id. `sender.name` is a label and proves nothing."""

    seq: Annotated[int, Field(ge=1)]
    ts: str
    sender: Actor
    text: Annotated[str, StringConstraints(max_length=100_000)]
    reply_to: int | None = None


class RunContext(_Model):
    """`requested_by` is the person whose message began it all, and whose rights a tool has: never more.

    `purpose` is `select` when the agent shall only name, by `@handle`, who of `candidates` answers, or say `nobody`.
    """

    group_id: GroupId
    run_id: RunId
    title: str
    trigger: Annotated[int, Field(ge=1)]
    agent: AgentProfile
    members: tuple[Member, ...]
    requested_by: Actor
    purpose: Literal["answer", "select"] = "answer"
    candidates: tuple[Agent, ...] = ()
    output_token_limit: Annotated[int, Field(ge=1)] | None = None


# ── turns that cannot go on by themselves: pydantic-ai's deferred tools ──────────────────────────────────────────────


class ToolCall(_Model):
    """`args` is a JSON object as text, as the model wrote it."""

    tool_call_id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    tool_name: ToolName
    args: Annotated[str, StringConstraints(max_length=16_000)]


class ToolAnswer(_Model):
    tool_call_id: str
    content: str


class ToolApproval(_Model):
    """What people decided on a call; `reason` is theirs."""

    tool_call_id: str
    approved: bool
    reason: str | None = None


class DeferredToolRequests(_Model):
    """The end of a turn's first part: `calls` are the Group Controller's to answer, `approvals` the people's to decide.

    The turn goes on in a new request that brings `state` back, with the results. `usage` is this part's.
    """

    calls: Annotated[tuple[ToolCall, ...], Field(max_length=TOOLS_LIMIT)] = ()
    approvals: Annotated[tuple[ToolCall, ...], Field(max_length=TOOLS_LIMIT)] = ()
    state: Annotated[str, StringConstraints(max_length=STATE_LIMIT_CHARS)] = ""
    usage: Usage
    event_kind: Literal["deferred_tool_requests"] = "deferred_tool_requests"


class DeferredToolResults(_Model):
    calls: tuple[ToolAnswer, ...] = ()
    approvals: tuple[ToolApproval, ...] = ()
    state: Annotated[str, StringConstraints(max_length=STATE_LIMIT_CHARS)] = ""


class AgentRunRequest(_Model):
    """Body of `POST /agents/run` and `POST /agents/run-stream`."""

    agent_id: AgentId
    messages: Annotated[tuple[TurnMessage, ...], Field(max_length=TRANSCRIPT_LIMIT)]
    context: RunContext
    deferred: DeferredToolResults | None = None


class TextPart(_Model):
    content: str
    part_kind: Literal["text"] = "text"


class TextPartDelta(_Model):
    content_delta: str
    part_delta_kind: Literal["text"] = "text"


class PartStart(_Model):
    index: int
    part: TextPart
    event_kind: Literal["part_start"] = "part_start"


class PartDelta(_Model):
    index: int
    delta: TextPartDelta
    event_kind: Literal["part_delta"] = "part_delta"


class PartEnd(_Model):
    index: int
    part: TextPart
    event_kind: Literal["part_end"] = "part_end"


class ToolCallPart(_Model):
    tool_name: str
    args: str
    tool_call_id: str
    part_kind: Literal["tool-call"] = "tool-call"


class FunctionToolCall(_Model):
    part: ToolCallPart
    event_kind: Literal["function_tool_call"] = "function_tool_call"


class ToolReturnPart(_Model):
    tool_name: str
    content: str
    tool_call_id: str
    part_kind: Literal["tool-return"] = "tool-return"


class FunctionToolResult(_Model):
    part: ToolReturnPart
    event_kind: Literal["function_tool_result"] = "function_tool_result"


class FinalResult(_Model):
    tool_name: str | None = None
    tool_call_id: str | None = None
    event_kind: Literal["final_result"] = "final_result"


class ModelResponse(_Model):
    parts: tuple[Annotated[TextPart | ToolCallPart, Field(discriminator="part_kind")], ...]
    model_name: str
    kind: Literal["response"] = "response"


class ModelRequest(_Model):
    """What came of the tools that the response before it asked for."""

    parts: tuple[ToolReturnPart, ...]
    kind: Literal["request"] = "request"


ModelMessage = Annotated[ModelRequest | ModelResponse, Field(discriminator="kind")]


class AgentRunResult(_Model):
    """How a run ended. `output` is the whole text; `finish_reason` says why the model stopped.

    Of a turn in parts, text, messages and usage are those of its last part.
    """

    output: str
    run_id: RunId
    agent_id: AgentId
    new_messages: tuple[ModelMessage, ...]
    usage: Usage
    finish_reason: Literal["stop", "length", "content_filter", "error"]


class RunResult(_Model):
    result: AgentRunResult
    event_kind: Literal["agent_run_result"] = "agent_run_result"


class RunUsage(_Model):
    """What this part of the turn has used so far, said while it goes on: it may be cut before it comes to an end."""

    usage: Usage
    event_kind: Literal["run_usage"] = "run_usage"


class RunError(_Model):
    """A run that failed says so in its stream; the stream itself ends well.

    Without `usage` the last run_usage says it.
    """

    code: str
    message: str
    usage: Usage | None = None
    event_kind: Literal["run_error"] = "run_error"


RunEvent = Annotated[
    PartStart
    | PartDelta
    | PartEnd
    | FunctionToolCall
    | FunctionToolResult
    | FinalResult
    | DeferredToolRequests
    | RunUsage
    | RunResult
    | RunError,
    Field(discriminator="event_kind"),
]
RUN_EVENT: Final[TypeAdapter[RunEvent]] = TypeAdapter(RunEvent)


def usage_of(event: RunEvent) -> Usage | None:
    """What the part of the turn has used up to this event, if the event says it."""
    match event:
        case RunResult():
            return event.result.usage
        case RunUsage() | DeferredToolRequests() | RunError():
            return event.usage
        case _:
            return None
