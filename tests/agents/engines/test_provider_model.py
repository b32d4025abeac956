"""A pydantic-ai agent that names its model as text is answered by the provider of that name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic_ai import Agent, ImageUrl, messages
from pydantic_ai.models.test import TestModel

from agents.engines import PYDANTIC_AI_AGENTS, PydanticAi
from agents.engines.provider_model import ProviderModel, chat, provided
from agents.providers.openai_compatible import Endpoint, OpenAiCompatible
from agents.run import Stage, turn
from shared import agent_api as api
from shared.errors import InvalidBody
from shared.log import Log
from shared.protocol import Usage
from tests.agents.fakes import HANG, FakeHttp, Scripted
from tests.agents.providers.completions import DONE, call, finish, text, usage
from tests.agents.turns import request, said

GOOD = Scripted([text("Hel"), text("lo"), finish(), usage(), DONE])


def calling(name: str, args: str) -> Scripted:
    return Scripted([call(name, args), finish("tool_calls"), usage(), DONE])


class Kitchen:
    """One agent, and a provider called `stub` with these answers."""

    def __init__(self, *answers: Scripted | Exception) -> None:
        self.http = FakeHttp([*answers])
        self.provider = OpenAiCompatible(Endpoint("stub", "https://models/v1", "sk-1"), self.http, self._sleep)
        PYDANTIC_AI_AGENTS["test"] = self._make

    @staticmethod
    async def _sleep(wait_s: float) -> None:
        del wait_s

    @staticmethod
    def _make() -> Agent[None, str]:
        agent = Agent("stub:small", defer_model_check=True, instructions="You are the cook.")

        @agent.tool_plain
        def double(number: int) -> int:
            """Twice as much."""
            return 2 * number

        return agent

    async def turn(self, **more: Any) -> list[api.RunEvent]:  # noqa: ANN401 -- arguments of `request`
        asked = request(said(3, "ada", "Hello"), provider="pydantic-ai", model="test", tools=["double"], **more)
        stage = Stage({"pydantic-ai": PydanticAi({"stub": self.provider})}, Log(lambda _: None, lambda: 0, "agents"))
        events = [event async for event in turn(asked, stage)]
        assert self.http.open == 0
        return events

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.http.asked]


@pytest.fixture(autouse=True)
def nothing_entered() -> Iterator[None]:
    yield
    PYDANTIC_AI_AGENTS.pop("test", None)


async def test_the_provider_is_asked_and_what_it_used_is_counted() -> None:
    kitchen = Kitchen(GOOD)
    *_, ended = await kitchen.turn()
    assert isinstance(ended, api.RunResult)
    assert ended.result.output == "Hello"
    assert ended.result.usage == Usage(input_tokens=12, output_tokens=3, requests=1)
    ((url, headers, _),) = kitchen.http.asked
    assert (url, headers["Authorization"]) == ("https://models/v1/chat/completions", "Bearer sk-1")
    (sent,) = kitchen.sent()
    assert (sent["model"], sent["stream"]) == ("small", True)
    (system, user) = sent["messages"]
    assert system["role"] == "system"
    assert "You are the cook." in system["content"]
    assert user["role"] == "user"
    assert json.loads(user["content"])["text"] == "Hello"
    (tool,) = sent["tools"]
    assert (tool["function"]["name"], tool["function"]["description"]) == ("double", "Twice as much.")


async def test_words_come_as_the_model_says_them() -> None:
    events = await Kitchen(GOOD).turn()
    pieces = [e.part.content for e in events if isinstance(e, api.PartStart) and isinstance(e.part, api.TextPart)]
    pieces += [e.delta.content_delta for e in events if isinstance(e, api.PartDelta)]
    assert pieces == ["Hel", "lo"]


async def test_what_came_of_a_tool_goes_back_to_the_model() -> None:
    kitchen = Kitchen(calling("double", '{"number": 21}'), GOOD)
    *_, ended = await kitchen.turn()
    assert isinstance(ended, api.RunResult)
    assert ended.result.usage == Usage(input_tokens=24, output_tokens=6, requests=2, tool_calls=1)
    asked, returned = kitchen.sent()[1]["messages"][-2:]
    assert asked["content"] is None
    assert asked["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "double", "arguments": '{"number":21}'}}
    ]
    assert returned == {"role": "tool", "tool_call_id": "call_1", "content": "42"}


async def test_what_a_model_got_wrong_it_is_told() -> None:
    kitchen = Kitchen(calling("double", '{"number": "many"}'), GOOD)
    await kitchen.turn()
    told = kitchen.sent()[1]["messages"][-1]
    assert (told["role"], told["tool_call_id"]) == ("tool", "call_1")
    assert "valid integer" in told["content"]


async def test_a_limit_of_tokens_is_the_providers_too() -> None:
    kitchen = Kitchen(GOOD)
    await kitchen.turn(token_limit=100)
    assert kitchen.sent()[0]["max_tokens"] == 100


async def test_a_provider_that_fails_ends_the_run_as_it_does_for_all_others() -> None:
    *_, failure = await Kitchen(Scripted(status=500), Scripted(status=500), Scripted(status=500)).turn()
    assert isinstance(failure, api.RunError)
    assert (failure.code, failure.message) == ("unavailable", "The model provider does not answer now")


async def test_an_answer_that_was_cut_for_its_length_says_so() -> None:
    *_, ended = await Kitchen(Scripted([text("Hel"), finish("length"), usage(), DONE])).turn()
    assert isinstance(ended, api.RunResult)
    assert ended.result.finish_reason == "length"


async def test_a_reader_that_goes_away_closes_the_connection() -> None:
    kitchen = Kitchen(Scripted([text("Hel"), HANG]))
    asked = request(said(3, "ada", "Hello"), provider="pydantic-ai", model="test")
    events = PydanticAi({"stub": kitchen.provider}).events(asked)
    await anext(events)
    assert kitchen.http.open == 1
    await events.aclose()
    assert kitchen.http.open == 0


async def test_one_who_does_not_stream_gets_the_whole_answer() -> None:
    kitchen = Kitchen(GOOD)
    answer = await Agent(ProviderModel(kitchen.provider, "stub", "small")).run("Hello")
    assert answer.output == "Hello"
    assert answer.usage.output_tokens == 3


@pytest.mark.parametrize("model", ["stub", "stub:", "other:small", ":small", None, TestModel()])
def test_what_names_no_provider_stays_as_it_is(model: object) -> None:
    assert provided(model, {"stub": Kitchen().provider}) is None


def test_a_name_may_have_colons_of_its_own() -> None:
    found = provided("stub:gemma:2b", {"stub": Kitchen().provider})
    assert found is not None
    assert (found.system, found.model_name) == ("stub", "gemma:2b")


def test_a_conversation_is_what_chat_completions_take() -> None:
    history: list[messages.ModelMessage] = [
        messages.ModelRequest(
            parts=[messages.SystemPromptPart("Be short."), messages.UserPromptPart(["One.", "Two."])],
            instructions="You are the cook.",
        ),
        messages.ModelResponse(parts=[messages.TextPart("Soup"), messages.TextPart(" it is.")]),
        messages.ModelRequest(parts=[messages.ToolReturnPart("order", {"loaves": 2}, "call_7")]),
    ]
    assert chat(history) == [
        {"role": "system", "content": "You are the cook."},
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "One.\nTwo."},
        {"role": "assistant", "content": "Soup it is."},
        {"role": "tool", "tool_call_id": "call_7", "content": '{"loaves":2}'},
    ]


def test_a_picture_is_refused() -> None:
    prompt = messages.UserPromptPart(["What is this?", ImageUrl("https://pictures.test/1.png")])
    with pytest.raises(InvalidBody):
        chat([messages.ModelRequest(parts=[prompt])])


@pytest.mark.parametrize("args", ["{not json", "[1]", "null"])
def test_arguments_go_back_as_an_object_whatever_the_model_wrote(args: str) -> None:
    call = messages.ToolCallPart(tool_name="double", args=args, tool_call_id="call_1")
    ((_, said),) = [(one["role"], one["tool_calls"]) for one in chat([messages.ModelResponse(parts=[call])])]
    assert isinstance(said, list)
    (asked,) = said
    assert (asked["id"], asked["function"]["name"]) == ("call_1", "double")
    assert isinstance(json.loads(asked["function"]["arguments"]), dict)
