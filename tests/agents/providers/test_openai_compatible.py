"""One provider: what it is asked, when it is asked again, and how it fails."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from agents.providers import Ask, Ending, Piece, ToolCalls
from agents.providers.http import Broken
from agents.providers.openai_compatible import BACKOFF_S, Endpoint, OpenAiCompatible, Patience
from agents.tools import Call as ToolCall
from agents.tools import Round
from agents.tools.host import HOST_TOOLS
from shared.errors import InvalidBody, Misconfigured, ParleyError, TooManyRequests, Unavailable
from shared.protocol import Usage
from tests.agents.fakes import HANG, FakeHttp, Scripted
from tests.agents.providers.completions import DONE, call, call_delta, finish, text, usage
from tests.agents.turns import request, said

GOOD = Scripted([text("Hel"), text("lo"), finish(), usage(), DONE])
SHORT = Patience(first_text_s=0.02, silence_s=0.02, usage_s=0.02)
ENDING = Ending(Usage(input_tokens=12, output_tokens=3, requests=1))


class Call:
    """A provider over scripted answers, and how long it waited between its tries."""

    def __init__(self, *answers: Scripted | Exception, patience: Patience = SHORT, key: str | None = "sk-1") -> None:
        self.http = FakeHttp([*answers])
        self.waits: list[float] = []
        self.ask = Ask(request(said(3, "ada", "Hello")))
        self._provider = OpenAiCompatible(Endpoint("stub", "https://models/v1", key), self.http, self._sleep, patience)

    async def _sleep(self, wait_s: float) -> None:
        assert self.http.open == 0, "no connection is held while waiting"
        self.waits.append(wait_s)

    def stream(self) -> AsyncGenerator[Piece]:
        return self._provider.stream(self.ask)

    async def pieces(self) -> list[Piece]:
        found = [piece async for piece in self.stream()]
        assert self.http.open == 0
        return found

    async def failure(self) -> tuple[list[Piece], ParleyError]:
        """What came before it failed, and how it failed."""
        found: list[Piece] = []

        async def read() -> None:
            async for piece in self.stream():
                found.append(piece)  # noqa: PERF401 -- it is kept when this raises

        with pytest.raises(ParleyError) as caught:
            await read()
        assert self.http.open == 0
        return found, caught.value


async def test_an_answer_is_its_texts_and_one_ending() -> None:
    call = Call(GOOD)
    assert await call.pieces() == ["Hel", "lo", ENDING]
    ((url, headers, body),) = call.http.asked
    assert url == "https://models/v1/chat/completions"
    assert headers["Authorization"] == "Bearer sk-1"
    sent = json.loads(body)
    assert (sent["model"], sent["stream"], sent["stream_options"]) == ("small", True, {"include_usage": True})
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]


async def test_without_a_key_none_is_sent() -> None:
    call = Call(GOOD, key=None)
    await call.pieces()
    assert "Authorization" not in call.http.asked[0][1]


def test_a_key_is_not_printed() -> None:
    assert "sk-1" not in repr(Endpoint("stub", "https://models/v1", "sk-1"))


async def test_a_missing_done_is_in_order() -> None:
    assert await Call(Scripted([text("Hello"), finish(), usage()])).pieces() == ["Hello", ENDING]


async def test_an_answer_without_usage_counts_its_request() -> None:
    assert await Call(Scripted([text("Hello"), finish("length")])).pieces() == [
        "Hello",
        Ending(Usage(requests=1), "length"),
    ]


@pytest.mark.parametrize("after", [HANG, Broken("reset"), b"data: garbage\n"])
async def test_once_the_model_has_finished_nothing_spoils_it(after: bytes | Exception | None) -> None:
    assert await Call(Scripted([text("Hello"), finish(), after])).pieces() == ["Hello", Ending(Usage(requests=1))]


async def test_an_empty_answer_is_one_too() -> None:
    assert await Call(Scripted([finish(), usage(), DONE])).pieces() == [ENDING]


@pytest.mark.parametrize(
    "first",
    [
        *(Scripted(status=status) for status in (408, 409, 429, 500, 502, 503, 529)),
        Broken("refused"),
        Scripted([Broken("reset")]),
        Scripted(),
    ],
)
async def test_what_may_pass_is_tried_again_before_the_first_text(first: Scripted | Exception) -> None:
    call = Call(first, GOOD)
    *texts, ending = await call.pieces()
    assert texts == ["Hel", "lo"]
    assert isinstance(ending, Ending)
    assert ending.usage.requests == 2
    assert call.waits == [BACKOFF_S]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 301, 204])
async def test_what_will_not_pass_is_not(status: int) -> None:
    call = Call(Scripted(status=status))
    texts, failure = await call.failure()
    assert (texts, call.waits, len(call.http.asked)) == ([], [], 1)
    assert isinstance(failure, InvalidBody | Misconfigured)
    assert str(status) in failure.reason
    assert str(status) not in failure.detail


async def test_after_two_retries_it_has_failed() -> None:
    call = Call(*[Scripted([b"a secret of the provider"], status=500)] * 3)
    _, failure = await call.failure()
    assert type(failure) is Unavailable
    assert call.waits == [BACKOFF_S, BACKOFF_S * 2]
    assert "secret" not in failure.detail + failure.reason


async def test_a_busy_provider_says_how_long_to_wait() -> None:
    call = Call(Scripted(status=429, retry_after="3"), GOOD)
    await call.pieces()
    assert call.waits == [3.0]


async def test_one_that_wants_a_long_wait_gets_no_second_try() -> None:
    _, failure = await (call := Call(Scripted(status=429, retry_after="120"))).failure()
    assert isinstance(failure, TooManyRequests)
    assert (failure.retry_after_ms, call.waits) == (120_000, [])


@pytest.mark.parametrize("wish", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon", "", "1e9", "٣"])
async def test_a_wish_that_is_no_number_of_seconds_is_none(wish: str) -> None:
    call = Call(Scripted(status=503, retry_after=wish), GOOD)
    await call.pieces()
    assert call.waits == [BACKOFF_S]


@pytest.mark.parametrize("after", [Broken("reset"), HANG, b"data: garbage\n"])
async def test_nothing_is_tried_again_after_the_first_text(after: bytes | Exception | None) -> None:
    call = Call(Scripted([text("Hel"), after]), GOOD)
    texts, failure = await call.failure()
    assert (texts, len(call.http.asked)) == (["Hel"], 1)
    assert isinstance(failure, Unavailable)


async def test_a_text_that_is_cut_off_is_a_failure() -> None:
    texts, failure = await Call(Scripted([text("Hel")])).failure()
    assert (texts, failure.detail) == (["Hel"], "The model provider stopped in the middle")


async def test_a_provider_that_says_nothing_is_given_up() -> None:
    call = Call(Scripted([HANG]), GOOD)
    _, failure = await call.failure()
    assert (failure.detail, len(call.http.asked)) == ("The model provider took too long to answer", 1)


async def test_a_reader_that_goes_away_closes_the_connection() -> None:
    call = Call(Scripted([text("Hel"), HANG]), patience=Patience())
    stream = call.stream()
    assert await anext(stream) == "Hel"
    assert call.http.open == 1
    await stream.aclose()
    assert call.http.open == 0


FIND = ToolCall(id="call_1", name="search_history", args='{"query": "bread"}')
CALLING = Scripted([call(FIND.name, FIND.args), finish("tool_calls"), usage(), DONE])
USED = Round(text="Let me see.", calls=(FIND,), results={"call_1": "[]"})


def sent(asked: Call) -> dict[str, Any]:
    return dict(json.loads(asked.http.asked[-1][2]))


async def test_what_a_model_calls_comes_before_its_ending() -> None:
    assert await Call(CALLING).pieces() == [ToolCalls((FIND,)), ENDING]


async def test_a_call_that_comes_slowly_is_no_silence() -> None:
    slow = Scripted([call_delta(index=0, id="call_1", function={"name": "search_history"}), HANG])
    _, failure = await Call(slow).failure()
    assert failure.detail == "The model provider went silent"


async def test_tools_are_offered_with_what_came_of_them_and_what_is_left_to_say() -> None:
    asked = Call(GOOD)
    asked.ask = Ask(asked.ask.request, [HOST_TOOLS["search_history"].spec], [USED], token_limit=70)
    assert (await asked.pieces())[:2] == ["\n\nHel", "lo"]
    body = sent(asked)
    assert body["max_tokens"] == 70
    (tool,) = body["tools"]
    assert (tool["type"], tool["function"]["name"]) == ("function", "search_history")
    assert tool["function"]["parameters"]["required"] == ["query"]
    assert body["messages"][-2:] == [
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": FIND.name, "arguments": FIND.args}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "[]"},
    ]


async def test_without_tools_and_limits_nothing_is_said_of_them() -> None:
    asked = Call(GOOD)
    await asked.pieces()
    assert not {"tools", "max_tokens"} & sent(asked).keys()


@pytest.mark.parametrize("args", ["", "not json", "[1]", "7"])
async def test_arguments_that_are_no_object_are_not_sent_back(args: str) -> None:
    asked = Call(GOOD)
    odd = FIND.model_copy(update={"args": args})
    asked.ask = Ask(asked.ask.request, rounds=[Round(text="", calls=(odd,), results={"call_1": "Error: no"})])
    assert (await asked.pieces())[0] == "Hel"
    assert sent(asked)["messages"][-2]["tool_calls"][0]["function"]["arguments"] == "{}"


async def test_nothing_is_tried_again_once_a_call_has_begun() -> None:
    asked = Call(Scripted([call_delta(index=0, id="a", function={"name": "x"}), Broken("reset")]), GOOD)
    _, failure = await asked.failure()
    assert (failure.detail, len(asked.http.asked)) == ("The model provider stopped in the middle", 1)
