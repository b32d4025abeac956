"""Models of Cloudflare's Workers AI, in the terms of chat completions.

Law: pure; `bound_ai` is the binding itself. The frames it streams are read by `completion_stream`.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

_ERROR: Final = re.compile(r"\b(\d{4}):")
# https://developers.cloudflare.com/workers-ai/platform/errors/, but for two that want another answer of ours: a model
# that there is not, and a day's allocation that no second try brings back.
_STATUS: Final[Mapping[str, int]] = {
    "3003": 400,
    "3006": 413,
    "3007": 408,
    "3008": 408,
    "3023": 403,
    "3036": 402,
    "3039": 400,
    "3040": 429,
    "3041": 403,
    "3042": 404,
    "5004": 400,
    "5005": 400,
    "5007": 404,
    "5016": 403,
    "5018": 403,
    "5019": 400,
}


def ai_input(completion: bytes) -> tuple[str, str]:
    """The model and its input as JSON, out of the body of a chat completion."""
    body = json.loads(completion)
    model = str(body.pop("model"))
    # It counts without being asked to.
    body.pop("stream_options", None)
    ids: dict[str, str] = {}
    for message in body["messages"]:
        # The binding refuses null, and ids of calls that are not nine letters and digits, its own among them
        # (https://github.com/cloudflare/ai/pull/393).
        message["content"] = message["content"] or ""
        for call in message.get("tool_calls", ()):
            call["id"] = ids.setdefault(call["id"], f"{len(ids):09}")
        if "tool_call_id" in message:
            message["tool_call_id"] = ids.setdefault(message["tool_call_id"], f"{len(ids):09}")
    return model, json.dumps(body)


def status_of(error: str) -> int:
    """The HTTP status that says the same as an error of the binding, whose code stands at the beginning of its text."""
    match = _ERROR.search(error)
    return _STATUS.get(match[1], 500) if match else 500
