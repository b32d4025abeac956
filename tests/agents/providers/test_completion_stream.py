"""A streamed completion reads the same however it is cut, and odd ones are either read or refused."""

import pytest

from agents.providers.completion_stream import LINE_LIMIT_BYTES, CompletionStream
from agents.tools import ARGS_LIMIT_CHARS, Call
from shared.errors import Unavailable
from shared.protocol import Usage
from tests.agents.providers.completions import DONE, call, call_delta, finish, frame, text, usage

ROLE = frame({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]})
WHOLE = ROLE + text("Grüße, ") + text("🍞 Ada") + finish() + usage() + DONE
SAID = "Grüße, 🍞 Ada"


def read(*chunks: bytes) -> tuple[str, CompletionStream]:
    stream = CompletionStream()
    said = "".join(stream.feed(chunk) for chunk in chunks)
    return said + stream.close(), stream


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
def test_two_chunks_cut_anywhere_are_one_text(cut: int) -> None:
    said, stream = read(WHOLE[:cut], WHOLE[cut:])
    assert (said, stream.done, stream.finish_reason) == (SAID, True, "stop")
    assert stream.usage(1) == Usage(input_tokens=12, output_tokens=3, requests=1)


def test_single_bytes_are_one_text() -> None:
    assert read(*(WHOLE[n : n + 1] for n in range(len(WHOLE))))[0] == SAID


def test_carriage_returns_are_line_ends_too() -> None:
    assert read(WHOLE.replace(b"\n", b"\r\n"))[0] == SAID


def test_a_last_line_without_an_end_counts() -> None:
    assert read((text("Hello") + finish()).rstrip())[1].finished


@pytest.mark.parametrize(
    "line",
    [
        b": keep-alive\n\n",
        b"event: ping\n",
        b"id: 7\n",
        b"retry: 10\n",
        b"data:\n\n",
        b"garbage\n",
        b"\xff\xfe\n",
        b"\n",
    ],
)
def test_lines_that_carry_no_data_are_passed_over(line: bytes) -> None:
    assert read(line, text("Hello"), line, finish(), line, DONE)[0] == "Hello"


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": []},
        {"choices": None},
        {},
        {"choices": [{"index": 0}]},
        {"choices": [{"delta": {"content": None}}]},
        {"choices": [{"index": 1, "delta": {"content": "another answer"}}]},
        {"choices": [{"delta": {"reasoning_content": "hm"}}], "x_new": {}},
        {"usage": None, "choices": []},
        {"error": None},
    ],
)
def test_chunks_without_text_say_nothing(chunk: object) -> None:
    assert read(text("Hel"), frame(chunk), text("lo"), finish())[0] == "Hello"


@pytest.mark.parametrize(
    "line", [b"data: {\n", b"data: garbage\n", b"data: 7\n", b'data: {"choices": 7}\n', b"data: \xff\n"]
)
def test_data_that_cannot_be_read_may_have_been_text_and_is_refused(line: bytes) -> None:
    with pytest.raises(Unavailable) as refusal:
        read(text("Hello"), line)
    assert "garbage" not in refusal.value.reason


def test_an_error_in_the_stream_is_a_failure_without_its_text() -> None:
    with pytest.raises(Unavailable) as refusal:
        read(frame({"error": {"message": "secret plan"}}))
    assert "secret" not in refusal.value.detail + refusal.value.reason


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(Unavailable):
        read(b"data: " + b"x" * LINE_LIMIT_BYTES)


def test_nothing_counts_after_done() -> None:
    assert read(text("Hello") + finish() + DONE + text("!") + usage())[0] == "Hello"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "error"),
        ("eos_token", "stop"),
    ],
)
def test_finish_reasons_are_ours(theirs: str, ours: str) -> None:
    assert read(text("Hello", theirs))[1].finish_reason == ours


def test_a_stream_that_was_cut_is_not_finished() -> None:
    assert not read(text("Hello"))[1].finished


BREAD, OVEN = Call(id="a", name="find", args='{"q": "Brot 🍞"}'), Call(id="b", name="bake", args="{}")
BOTH = (
    text("Let me see.")
    + call_delta(index=1, id="b", function={"name": "bake"})
    + call_delta(index=0, id="a", function={"name": "fi", "arguments": '{"q": '})
    + call_delta(index=0, function={"name": "nd", "arguments": '"Brot '})
    + call_delta(index=1, id="b", function={"name": "bake", "arguments": "{}"})
    + call_delta(index=0, id=None, function={"name": None, "arguments": '🍞"}'})
    + finish("tool_calls")
    + usage()
    + DONE
)


@pytest.mark.parametrize("cut", range(0, len(BOTH) + 1, 3))
def test_calls_of_tools_are_put_together_by_their_index_however_they_are_cut(cut: int) -> None:
    said, stream = read(BOTH[:cut], BOTH[cut:])
    assert (said, stream.calls, stream.finish_reason) == ("Let me see.", (BREAD, OVEN), "stop")


@pytest.mark.parametrize("reason", ["tool_calls", "stop", "function_call"])
def test_a_call_counts_whatever_the_model_says_it_ends_for(reason: str) -> None:
    stream = read(call("bake", "{}", "b") + finish(reason))[1]
    assert (stream.calls, stream.finish_reason) == ((OVEN,), "stop")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_call_that_was_cut_off_is_none(reason: str) -> None:
    stream = read(call("bake", '{"loa', "b") + finish(reason))[1]
    assert (stream.calls, stream.finish_reason) == ((), reason)


def test_before_the_end_there_is_no_call_to_act_on() -> None:
    stream = read(call("bake", "{}", "b"))[1]
    assert (stream.calls, stream.is_calling) == ((), True)


def test_calls_without_an_index_begin_with_their_name() -> None:
    whole = {
        "tool_calls": [{"id": "a", "function": {"name": "find", "arguments": {"q": 1}}}, {"function": {"name": "bake"}}]
    }
    stream = read(frame({"choices": [{"delta": whole}]}), call_delta(function={"arguments": "{}"}), finish())[1]
    assert stream.calls == (Call(id="a", name="find", args='{"q": 1}'), Call(id="", name="bake", args="{}"))


@pytest.mark.parametrize(
    "delta",
    [
        call_delta(index=32, id="a", function={"name": "x"}),
        call_delta(index=-1, id="a", function={"name": "x"}),
        call_delta(index=0, id="a", function=7),
        call_delta(index="first", id="a"),
        call_delta(index=0, function={"arguments": ["x"]}),
        call_delta(index=0, function={"arguments": "x" * (ARGS_LIMIT_CHARS * 4 + 1)}),
    ],
)
def test_calls_that_cannot_be_read_are_refused(delta: bytes) -> None:
    with pytest.raises(Unavailable):
        read(text("Hello"), delta)
