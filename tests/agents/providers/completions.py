"""Pieces of a streamed chat completion, as providers send them."""

import json

DONE = b"data: [DONE]\n\n"


def frame(value: object) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def text(content: str, finish_reason: str | None = None) -> bytes:
    return frame({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}]})


def finish(reason: str = "stop") -> bytes:
    return frame({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})


def usage(prompt: int = 12, completion: int = 3) -> bytes:
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return frame({"choices": [], "usage": tokens})
