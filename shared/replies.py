"""What a group answers and shows without storing it: replies, ephemeral frames, and how they become text.

Law: frozen types, as in `protocol`.
"""

import json
from typing import Literal, Self

from pydantic import Field

from shared.errors import ParleyError
from shared.protocol import Actor, Agent, ApprovalRequested, Member, TurnSettings
from shared.wire import Wire


class ErrorBody(Wire):
    code: str
    message: str
    temporary: bool
    retry_after_ms: int | None = None

    @classmethod
    def of(cls, exc: ParleyError) -> Self:
        return cls(code=exc.code, message=exc.detail, temporary=exc.temporary, retry_after_ms=exc.retry_after_ms)


class ActiveRun(Wire):
    """A run under way: `length` code points of its text exist. It is `waiting` while people decide on its tools."""

    run_id: str
    agent_id: str
    trigger: int
    length: int
    purpose: Literal["select"] | None = None
    waiting: bool = False


class MessageState(Wire):
    """A message as it stands now, edits, deletion and reactions applied."""

    seq: int
    ts: str
    actor: Actor
    text: str
    reply_to: int | None = None
    run_id: str | None = None
    edited: bool = False
    deleted: bool = False
    reactions: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Snapshot(Wire):
    """The newest messages as they stand at `seq`."""

    seq: int
    messages: tuple[MessageState, ...]


class GroupInfo(Wire):
    id: str
    title: str
    turns: TurnSettings = TurnSettings()


class HelloOk(Wire):
    """`recovered`: what follows on this socket is exactly the gap. Otherwise start from `snapshot`."""

    epoch: str
    head: int
    recovered: bool
    group: GroupInfo
    you: Member
    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    runs: tuple[ActiveRun, ...]
    approvals: tuple[ApprovalRequested, ...] = ()
    online: tuple[str, ...]
    reads: dict[str, int]
    snapshot: Snapshot | None = None
    session_expires_at: str


class SendOk(Wire):
    """The message is stored under `seq`; `duplicate` when it had been before."""

    seq: int
    ts: str
    duplicate: bool


class AtSeq(Wire):
    """The event that a change became; null when it changed nothing."""

    seq: int | None


class HistoryOk(Wire):
    """Events as texts of the log, oldest first; `more` says whether the page's far side has further ones."""

    events: tuple[str, ...]
    more: bool

    def text(self) -> str:
        """The wire form, with the stored texts as they are."""
        return f'{{"events":[{",".join(self.events)}],"more":{"true" if self.more else "false"}}}'


class MembersOk(Wire):
    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    online: tuple[str, ...]


class Refreshed(Wire):
    session_expires_at: str


class Nothing(Wire):
    """The reply of commands that have nothing to tell."""


class RunDelta(Wire):
    type: Literal["run.delta"] = "run.delta"
    run_id: str
    agent_id: str
    offset: int
    text: str


class TypingNow(Wire):
    type: Literal["typing"] = "typing"
    user_id: str
    on: bool


class Presence(Wire):
    type: Literal["presence"] = "presence"
    user_id: str
    online: bool


class Bye(Wire):
    """Said before the server closes: why, and whether to come back."""

    type: Literal["bye"] = "bye"
    code: int
    reason: str
    reconnect: bool


Reply = HelloOk | SendOk | AtSeq | HistoryOk | MembersOk | Refreshed | Nothing


def ok_text(frame_id: int, body: Reply) -> str:
    ok = body.text() if isinstance(body, HistoryOk) else body.json_bytes(exclude_none=True).decode()
    return f'{{"id":{frame_id},"ok":{ok}}}'


def error_text(frame_id: int | None, error: ErrorBody) -> str:
    return f'{{"id":{json.dumps(frame_id)},"error":{error.model_dump_json(exclude_none=True)}}}'
