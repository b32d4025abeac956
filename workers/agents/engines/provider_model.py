"""A model of pydantic-ai that is asked through a provider of the setting PROVIDERS.

Law: imported only by `agents.engines.pydantic_ai`. With it an agent needs no client library, of which `openai` alone is
larger than the rest of a Worker, and its model has the retries, time-outs and secrets of all others here. It takes text
and tools alone.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic_ai import RunContext, messages
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from agents.prompt import answered, returned
from agents.providers import Ending, Piece, ToolCalls
from agents.providers.openai_compatible import OpenAiCompatible, described
from agents.tools import Call, ToolSpec
from shared.errors import InvalidBody

# What chat completions call the settings of pydantic-ai that have a meaning there.
_SETTINGS: Final = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "stop_sequences": "stop",
}


def provided(model: object, providers: Mapping[str, OpenAiCompatible]) -> "ProviderModel | None":
    """The model that an agent names as text, such as `openai:gpt-5-mini`, when there is a provider of that name."""
    provider, _, name = model.partition(":") if isinstance(model, str) else ("", "", "")
    return ProviderModel(providers[provider], provider, name) if provider in providers and name else None


class ProviderModel(Model[Any]):
    def __init__(self, provider: OpenAiCompatible, system: str, name: str) -> None:
        super().__init__()
        self._completions = provider
        self._system = system
        self._name = name

    @property
    def model_name(self) -> str:
        return self._name

    @property
    def system(self) -> str:
        return self._system

    async def request(
        self,
        messages: list[messages.ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> messages.ModelResponse:
        async with self.request_stream(messages, model_settings, model_request_parameters) as response:
            async for _ in response:
                pass
            return response.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[messages.ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        del run_context
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        completion = {"model": self._name, "messages": chat(messages), **_told(settings, parameters)}
        async with aclosing(self._completions.complete(completion)) as pieces:
            yield _Response(parameters, pieces, self._name, self._system)


@dataclass
class _Response(StreamedResponse):
    pieces: AsyncIterator[Piece]
    name: str
    system: str
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[messages.ModelResponseStreamEvent]:
        async for piece in self.pieces:
            match piece:
                case str():
                    for event in self._parts_manager.handle_text_delta(vendor_part_id="text", content=piece):
                        yield event
                case ToolCalls(calls):
                    for call in calls:
                        yield self._parts_manager.handle_tool_call_part(
                            vendor_part_id=call.id, tool_name=call.name, args=call.args, tool_call_id=call.id
                        )
                case Ending(usage, reason):
                    self._usage = RequestUsage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
                    self.finish_reason = reason

    async def close_stream(self) -> None:
        """The provider's generator closes its connection, and whoever opened it closes that."""

    @property
    def model_name(self) -> str:
        return self.name

    @property
    def provider_name(self) -> str:
        return self.system

    @property
    def provider_url(self) -> None:
        return None

    @property
    def timestamp(self) -> datetime:
        return self.began


def _told(settings: ModelSettings | None, parameters: ModelRequestParameters) -> dict[str, object]:
    told = {_SETTINGS[name]: value for name, value in (settings or {}).items() if name in _SETTINGS}
    tools = [*parameters.declared_function_tools, *parameters.output_tools]
    return told | ({"tools": [described(_spec(tool)) for tool in tools]} if tools else {})


def _spec(tool: ToolDefinition) -> ToolSpec:
    return ToolSpec(tool.name, tool.description or "", tool.parameters_json_schema)


def chat(history: Iterable[messages.ModelMessage]) -> list[dict[str, object]]:
    """The conversation as chat completions take it. Raises InvalidBody for what is neither text nor a tool's."""
    found: list[dict[str, object]] = []
    instructions = None
    for message in history:
        if isinstance(message, messages.ModelResponse):
            found.append(_assistant(message))
        else:
            instructions = message.instructions or instructions
            found += map(_asked, message.parts)
    return [{"role": "system", "content": instructions}, *found] if instructions else found


def _asked(part: messages.ModelRequestPart) -> dict[str, object]:
    match part:
        case messages.SystemPromptPart(content=text):
            return {"role": "system", "content": text}
        case messages.UserPromptPart():
            return {"role": "user", "content": _text(part)}
        case messages.ToolReturnPart(tool_call_id=call):
            return returned(call, part.model_response_str())
        case _:
            raise InvalidBody("This model takes text and tools alone", reason=f"a part of the kind {part.part_kind}")


def _text(part: messages.UserPromptPart) -> str:
    if isinstance(part.content, str):
        return part.content
    texts = [item for item in part.content if isinstance(item, str)]
    if len(texts) < len(part.content):
        raise InvalidBody("This model takes text and tools alone", reason="a prompt that is not text")
    return "\n".join(texts)


def _assistant(message: messages.ModelResponse) -> dict[str, object]:
    text = "".join(part.content for part in message.parts if isinstance(part, messages.TextPart))
    parts = (part for part in message.parts if isinstance(part, messages.ToolCallPart))
    return answered(text, [Call(id=p.tool_call_id, name=p.tool_name, args=p.args_as_json_str()) for p in parts])
