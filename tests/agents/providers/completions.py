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


def call_delta(**delta: object) -> bytes:
    return frame({"choices": [{"index": 0, "delta": {"tool_calls": [delta]}, "finish_reason": None}]})


def call(name: str, args: str, id: str = "call_1", index: int = 0) -> bytes:  # noqa: A002 -- the wire's word
    """One call of a tool in two pieces, as OpenAI streams it."""
    begin = call_delta(index=index, id=id, type="function", function={"name": name, "arguments": ""})
    return begin + call_delta(index=index, function={"arguments": args})
