"""The short forms that scenarios use, written out as the frames of `groupchat.v1`."""

import json
from collections.abc import Mapping
from typing import Any, Final

EPOCH: Final = "epo_1"
ADA: Final = {"id": "usr_ada", "name": "Ada", "role": "owner"}
SCRIBE: Final = {"id": "agt_scribe", "handle": "scribe", "name": "Scribe"}
HELLO: Final[Mapping[str, Any]] = {
    "epoch": EPOCH,
    "head": 0,
    "recovered": False,
    "group": {"id": "grp_1", "title": "Garden"},
    "you": ADA,
    "members": [ADA],
    "agents": [SCRIBE],
    "runs": [],
    "approvals": [],
    "online": ["usr_ada"],
    "reads": {},
    "session_expires_at": "2030-01-01T12:00:00Z",
}


def reply_text(frame_id: object, body: Mapping[str, Any]) -> str:
    """`hello` stands for a hello that went well, with these members changed."""
    answer = {"ok": {**HELLO, **body["hello"]}} if "hello" in body else body
    return json.dumps({"id": frame_id, **answer})


def frame_text(body: object) -> str:
    frames = [_frame(item) for item in body] if isinstance(body, list) else _frame(body)
    return json.dumps(frames)


def _frame(body: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- JSON
    """`message`, `event` and `delta` are short forms; anything else is a frame as it stands."""
    ((kind, members),) = body.items() if len(body) == 1 else (("frame", body),)
    match kind:
        case "message":
            names = ("text", "client_msg_id", "reply_to")
            data = {"mentions": [], **{name: members[name] for name in names if name in members}}
            rest = {name: value for name, value in members.items() if name not in names}
            return _event({"type": "message.created", "data": data, **rest})
        case "event":
            return _event(members)
        case "delta":
            return {"type": "run.delta", "agent_id": SCRIBE["id"], **members}
        case _:
            return dict(members)


def _event(members: Mapping[str, Any]) -> Mapping[str, Any]:
    by_agent = "run_id" in members
    actor = (
        {"id": SCRIBE["id"], "kind": "agent", "name": SCRIBE["name"]}
        if by_agent
        else {"id": ADA["id"], "kind": "user", "name": ADA["name"]}
    )
    return {"actor": actor, "epoch": EPOCH, "ts": "2026-11-23T09:30:00.000Z", **members}
