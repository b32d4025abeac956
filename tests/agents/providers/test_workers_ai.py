"""Cloudflare's own models: their input, their errors and their frames in the terms of chat completions.

The frames have the forms that Cloudflare documents for text generation with `stream: true`; the binding itself needs an
account and is not called here.
"""

import json

import pytest

from agents.prompt import exchanges
from agents.providers.completion_stream import CompletionStream
from agents.providers.workers_ai import ai_input, status_of
from agents.tools import Call, Round
from shared.protocol import Usage
from tests.agents.providers.completions import DONE, frame

LLAMA = [
    frame({"response": "Bread ", "tool_calls": [], "p": "abdefgh"}),
    frame({"response": "on Thursday", "p": "abd"}),
    frame({"response": 7, "p": "abd"}),
    frame({"response": None, "tool_calls": None}),
    frame({"response": "", "usage": {"prompt_tokens": 26, "completion_tokens": 4, "total_tokens": 30}}),
    DONE,
]
CALLING = [
    frame({"response": "", "tool_calls": [{"name": "search_history", "arguments": {"query": "bread"}}]}),
    frame({"response": "", "usage": {"prompt_tokens": 26, "completion_tokens": 9}}),
    DONE,
]


def read(frames: list[bytes]) -> tuple[str, CompletionStream]:
    stream = CompletionStream()
    return "".join(map(stream.feed, frames)), stream


def test_its_own_frames_are_text_and_usage() -> None:
    said, stream = read(LLAMA)
    assert (said, stream.finished, stream.calls) == ("Bread on Thursday7", True, ())
    assert stream.usage(1) == Usage(input_tokens=26, output_tokens=4, requests=1)


def test_its_own_calls_of_tools_come_whole() -> None:
    said, stream = read(CALLING)
    assert (said, stream.calls) == ("", (Call(id="", name="search_history", args='{"query": "bread"}'),))


def test_the_binding_gets_the_model_beside_an_input_that_it_takes() -> None:
    calls = tuple(Call(id=f"chatcmpl-tool-{n}", name="get_members", args="{}") for n in range(2))
    rounds = [Round(text="", calls=calls, results={call.id: "[]" for call in calls})]
    completion = {"model": "@cf/x/y", "stream": True, "stream_options": {}, "messages": exchanges(rounds)}
    model, asked = ai_input(json.dumps(completion).encode())
    given = json.loads(asked)
    assert (model, sorted(given)) == ("@cf/x/y", ["messages", "stream"])
    said, *results = given["messages"]
    assert (said["content"], [call["id"] for call in said["tool_calls"]]) == ("", ["000000000", "000000001"])
    assert [result["tool_call_id"] for result in results] == ["000000000", "000000001"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("InferenceUpstreamError: 5007: No such model @cf/x/y or task", 404),
        ("AiError: 3040: Capacity temporarily exceeded, please try again.", 429),
        ("AiError: 3036: You have used up your daily free allocation", 402),
        ("AiError: 9999: Something new", 500),
        ("Error: Network connection lost.", 500),
    ],
)
def test_its_errors_have_a_status(error: str, status: int) -> None:
    assert status_of(error) == status
