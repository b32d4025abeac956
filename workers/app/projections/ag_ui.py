"""AG-UI: the events of the Agent–User Interaction protocol (docs.ag-ui.com, npm `@ag-ui/core`).

A group is a thread; what people are asked is a CUSTOM event, since AG-UI has none of its own.
"""

import json
from collections.abc import Mapping

from app.projections import Frame, Payload

_BROKEN = frozenset({"error", "interrupted"})


class AgUi:
    headers: Mapping[str, str] = {}

    def __init__(self, group_id: str) -> None:
        self._group_id = group_id

    def begin(self, run: Frame) -> list[Payload]:
        return [{"type": "RUN_STARTED", "threadId": self._group_id, "runId": run["run_id"]}]

    def text_begin(self, run: Frame) -> list[Payload]:
        return [{"type": "TEXT_MESSAGE_START", "messageId": run["run_id"], "role": "assistant"}]

    def text(self, run: Frame, delta: str) -> list[Payload]:
        return [{"type": "TEXT_MESSAGE_CONTENT", "messageId": run["run_id"], "delta": delta}]

    def text_end(self, run: Frame) -> list[Payload]:
        return [{"type": "TEXT_MESSAGE_END", "messageId": run["run_id"]}]

    def aside(self, event: Frame) -> list[Payload]:
        return [{"type": "CUSTOM", "name": event["type"], "value": event["data"]}]

    def end(self, run: Frame, finished: Frame) -> list[Payload]:
        if finished["outcome"] in _BROKEN:
            message = finished.get("error") or "The run was interrupted"
            return [{"type": "RUN_ERROR", "message": message, "code": finished["outcome"]}]
        result = {"outcome": finished["outcome"], "usage": finished["usage"], "seq": finished.get("message_seq")}
        ended = {"type": "RUN_FINISHED", "threadId": self._group_id, "runId": run["run_id"], "result": result}
        return [ended]

    def encode(self, payload: Payload) -> str:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))

    def close(self) -> str | None:
        return None
