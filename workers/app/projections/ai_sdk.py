"""The UI message stream of the Vercel AI SDK (npm `ai`, version 5 and later), as `useChat` reads it.

What people are asked is a transient `data-approval` part: shown while it lasts, and not kept in the message.
"""

import json
from collections.abc import Mapping

from app.projections import Frame, Payload

_TEXT = "text"
_BROKEN = frozenset({"error", "interrupted"})


class AiSdk:
    headers: Mapping[str, str] = {"x-vercel-ai-ui-message-stream": "v1"}

    def __init__(self, group_id: str) -> None:
        self._group_id = group_id

    def begin(self, run: Frame) -> list[Payload]:
        about = {"groupId": self._group_id, "runId": run["run_id"], "agentId": run["agent_id"]}
        return [{"type": "start", "messageId": run["run_id"], "messageMetadata": about}]

    def text_begin(self, run: Frame) -> list[Payload]:
        del run
        return [{"type": "text-start", "id": _TEXT}]

    def text(self, run: Frame, delta: str) -> list[Payload]:
        del run
        return [{"type": "text-delta", "id": _TEXT, "delta": delta}]

    def text_end(self, run: Frame) -> list[Payload]:
        del run
        return [{"type": "text-end", "id": _TEXT}]

    def aside(self, event: Frame) -> list[Payload]:
        data = {"event": event["type"], **event["data"]}
        return [{"type": "data-approval", "id": event["data"]["approval_id"], "data": data, "transient": True}]

    def end(self, run: Frame, finished: Frame) -> list[Payload]:
        del run
        if finished["outcome"] in _BROKEN:
            return [{"type": "error", "errorText": finished.get("error") or "The run was interrupted"}]
        if finished["outcome"] == "cancelled":
            return [{"type": "abort"}]
        return [{"type": "finish", "messageMetadata": {"outcome": finished["outcome"], "usage": finished["usage"]}}]

    def encode(self, payload: Payload) -> str:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))

    def close(self) -> str | None:
        return "[DONE]"
