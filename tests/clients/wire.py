"""Frames as the server writes them, made with the server's own types."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.protocol import (
    EVENT_TYPES,
    Actor,
    Agent,
    Event,
    EventData,
    Member,
    MessageCreated,
    RunFinished,
    RunStarted,
    Usage,
)
from shared.replies import ActiveRun, ErrorBody, GroupInfo, HelloOk, RunDelta, Snapshot, error_text, ok_text

EPOCH = "epo_1"
ADA = Member(id="usr_ada", name="Ada", role="owner")
BEN = Member(id="usr_ben", name="Ben", role="member")
SCRIBE = Agent(id="agt_scribe", handle="scribe", name="Scribe")
RUN = "run_01JD0000000000000000000000"


def event(seq: int, data: EventData | None = None, *, run_id: str | None = None, epoch: str = EPOCH) -> str:
    data = data or MessageCreated(text=f"message {seq}")
    actor = (
        Actor(id=SCRIBE.id, kind="agent", name=SCRIBE.name) if run_id else Actor(id="usr_ada", kind="user", name="Ada")
    )
    return Event(
        actor=actor,
        data=data,
        epoch=epoch,
        run_id=run_id,
        seq=seq,
        ts="2026-11-23T09:30:00.000Z",
        type=EVENT_TYPES[type(data)],
    ).text()


def array(*frames: str) -> str:
    return f"[{','.join(frames)}]"


def delta(offset: int, text: str, run_id: str = RUN) -> str:
    return RunDelta(run_id=run_id, agent_id=SCRIBE.id, offset=offset, text=text).model_dump_json()


def started(seq: int, run_id: str = RUN) -> str:
    return event(seq, RunStarted(agent_id=SCRIBE.id, run_id=run_id, trigger=1), run_id=run_id)


def finished(seq: int, run_id: str = RUN) -> str:
    return event(seq, RunFinished(agent_id=SCRIBE.id, outcome="success", run_id=run_id, usage=Usage()), run_id=run_id)


def hello_ok(
    head: int = 0,
    *,
    recovered: bool = True,
    epoch: str = EPOCH,
    runs: Sequence[ActiveRun] = (),
    snapshot: Snapshot | None = None,
    members: Sequence[Member] = (ADA, BEN),
) -> str:
    body = HelloOk(
        epoch=epoch,
        head=head,
        recovered=recovered,
        group=GroupInfo(id="grp_1", title="Garden"),
        you=ADA,
        members=tuple(members),
        agents=(SCRIBE,),
        runs=tuple(runs),
        online=("usr_ada",),
        reads={},
        snapshot=snapshot,
        session_expires_at="2026-11-23T21:30:00.000Z",
    )
    return ok_text(1, body)


def ok(frame_id: int, **body: object) -> str:
    return json.dumps({"id": frame_id, "ok": body})


def refused(frame_id: int | None, code: str, *, temporary: bool = False, retry_after_ms: int | None = None) -> str:
    error = ErrorBody(code=code, message="no", temporary=temporary, retry_after_ms=retry_after_ms)
    return error_text(frame_id, error)


def bye(code: int, reason: str, *, reconnect: bool) -> str:
    return json.dumps({"type": "bye", "code": code, "reason": reason, "reconnect": reconnect})


def parsed(frame: str) -> Mapping[str, Any]:
    value: Mapping[str, Any] = json.loads(frame)
    return value
