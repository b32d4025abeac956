"""Running an agent written with pydantic-ai: its events and its waiting tools in our terms, which are nearly its own.

Law: imported only by `agents.engines`. What an agent's profile does not list it cannot use here either, its own tools
included. The framework runs in a task of its own: it has scopes that must be left in the task that entered them.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ExternalToolset, ToolDenied, messages
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UsageLimitExceeded
from pydantic_ai.models import Model
from pydantic_ai.run import AgentRunResult as TheirResult
from pydantic_ai.run import AgentRunResultEvent
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, CombinedToolset
from pydantic_ai.usage import RunUsage, UsageLimits

from agents.engines.provider_model import provided
from agents.prompt import chat_messages
from agents.providers import FinishReason
from agents.providers.openai_compatible import OpenAiCompatible
from agents.speaking import CALLS_LIMIT, ROUNDS_LIMIT
from agents.tools import clipped
from agents.tools.host import HOST_TOOLS
from agents.tools.toolbox import failed
from shared import agent_api as api
from shared.errors import InvalidBody, TooLarge, Unavailable
from shared.protocol import Usage

_GO_ON: Final = "It is your turn now."
_FINISH_REASONS: Final[dict[str, FinishReason]] = {
    "length": "length",
    "content_filter": "content_filter",
    "error": "error",
}


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    history: str
    calls: tuple[str, ...]
    approvals: tuple[str, ...]
    has_spoken: bool


async def run(
    agent: Agent[Any, Any], request: api.AgentRunRequest, providers: Mapping[str, OpenAiCompatible]
) -> AsyncGenerator[api.RunEvent]:
    """The events of one turn of this agent, the terminal one included."""
    queue: asyncio.Queue[api.RunEvent | None] = asyncio.Queue(maxsize=16)

    async def drive() -> None:
        try:
            await _Turn(request, queue).take(agent, provided(agent.model, providers))
        finally:
            await queue.put(None)

    driving = asyncio.ensure_future(drive())
    try:
        while (event := await queue.get()) is not None:
            yield event
        await driving
    finally:
        driving.cancel()
        # Nobody takes what it still has to say.
        while not queue.empty():
            queue.get_nowait()
        with suppress(asyncio.CancelledError):
            await driving


@dataclass
class _Turn:
    request: api.AgentRunRequest
    queue: asyncio.Queue[api.RunEvent | None]
    usage: RunUsage = field(default_factory=RunUsage)
    said: list[str] = field(default_factory=list)
    state: _State | None = None
    _is_text: bool = False

    async def take(self, agent: Agent[Any, Any], model: Model[Any] | None) -> None:
        """Raises ParleyError when the model cannot be asked; `model` is asked instead of the agent's own."""
        instead: dict[str, Any] = {} if model is None else {"model": model}
        with agent.override(toolsets=[*self._toolsets(agent)], tools=[], **instead):
            try:
                async with agent.run_stream_events(**self._asked()) as events:
                    async for event in events:
                        await self._happened(event)
            except UsageLimitExceeded:
                await self.queue.put(self._result("length", ()))
            except ModelHTTPError as exc:
                raise Unavailable("The model provider refused the request", reason=f"status {exc.status_code}") from exc
            except ModelAPIError as exc:
                raise Unavailable("The model provider cannot be reached", reason=type(exc).__name__) from exc

    def _toolsets(self, agent: Agent[Any, Any]) -> Sequence[AbstractToolset[Any]]:
        context = self.request.context
        listed = frozenset(context.agent.tools if context.purpose == "answer" else ())
        own = CombinedToolset([*agent.toolsets]).filtered(lambda _, tool: tool.name in listed)
        specs = [signature.spec for name, signature in HOST_TOOLS.items() if name in listed]
        definitions = [
            ToolDefinition(name=spec.name, description=spec.description, parameters_json_schema=dict(spec.parameters))
            for spec in specs
        ]
        return [own, ExternalToolset(definitions)]

    def _asked(self) -> dict[str, Any]:
        """The arguments of `Agent.run_stream_events`."""
        system, *turns = chat_messages(self.request)
        limit = self.request.context.output_token_limit
        asked: dict[str, Any] = {
            "output_type": [str, DeferredToolRequests],
            "instructions": system["content"],
            "usage": self.usage,
            "usage_limits": UsageLimits(
                request_limit=ROUNDS_LIMIT, tool_calls_limit=CALLS_LIMIT, output_tokens_limit=limit
            ),
            "model_settings": None if limit is None else ModelSettings(max_tokens=limit),
        }
        if self.request.deferred is not None:
            return asked | self._resumed(self.request.deferred)
        last = turns.pop() if turns and turns[-1]["role"] == "user" else None
        history = [_message(turn["role"], turn["content"]) for turn in turns]
        return asked | {"user_prompt": last["content"] if last else _GO_ON, "message_history": history}

    def _resumed(self, deferred: api.DeferredToolResults) -> dict[str, Any]:
        """Raises InvalidBody when this is not the state of a turn that waits."""
        try:
            state = self.state = _State.model_validate_json(deferred.state)
            history = messages.ModelMessagesTypeAdapter.validate_json(state.history)
        except ValidationError as exc:
            raise InvalidBody("deferred.state is not what this agent gave") from exc
        answers = {answer.tool_call_id: answer.content for answer in deferred.calls}
        decisions = {decision.tool_call_id: decision for decision in deferred.approvals}
        results = DeferredToolResults(
            calls={call: clipped(answers.get(call, failed("There was no answer"))) for call in state.calls},
            approvals={call: _decided(decisions.get(call)) for call in state.approvals},
        )
        return {"message_history": history, "deferred_tool_results": results}

    async def _happened(self, event: object) -> None:
        if isinstance(event, AgentRunResultEvent):
            await self.queue.put(self._ended(event.result))
        elif (ours := self._translated(event)) is not None:
            await self.queue.put(ours)
            if isinstance(ours, api.FunctionToolCall | api.FunctionToolResult):
                await self.queue.put(api.RunUsage(usage=self._usage()))

    def _translated(self, event: object) -> api.RunEvent | None:
        """None for what we have no event for: a model's thoughts, and the growing arguments of a call."""
        match event:
            case messages.PartStartEvent(index=index, part=part):
                self._is_text = isinstance(part, messages.TextPart)
                if isinstance(part, messages.TextPart):
                    text = self._said(self._gap() + part.content)
                    return api.PartStart(index=index, part=api.TextPart(content=text))
            case messages.PartDeltaEvent(index=index, delta=messages.TextPartDelta(content_delta=text)):
                return api.PartDelta(index=index, delta=api.TextPartDelta(content_delta=self._said(text)))
            case messages.PartEndEvent(index=index, part=messages.TextPart(content=text)):
                return api.PartEnd(index=index, part=api.TextPart(content=text))
            case messages.FinalResultEvent() if self._is_text:
                return api.FinalResult()
            case messages.FunctionToolCallEvent(part=call) if not self._was_shown(call.tool_call_id):
                return api.FunctionToolCall(part=_call(call))
            case messages.FunctionToolResultEvent(part=result):
                return api.FunctionToolResult(part=_returned(result))
            case _:
                pass
        return None

    def _said(self, text: str) -> str:
        self.said.append(text)
        return text

    def _gap(self) -> str:
        """What is said before a tool and after it are two paragraphs."""
        has_spoken = bool(self.said) or (self.state is not None and self.state.has_spoken)
        return "\n\n" if has_spoken else ""

    def _was_shown(self, tool_call_id: str) -> bool:
        return self.state is not None and tool_call_id in (*self.state.calls, *self.state.approvals)

    def _ended(self, result: TheirResult[Any]) -> api.RunEvent:
        if isinstance(result.output, DeferredToolRequests):
            return self._deferred(result, result.output)
        *_, last = result.new_messages()
        reason = (last.finish_reason or "stop") if isinstance(last, messages.ModelResponse) else "stop"
        return self._result(_FINISH_REASONS.get(reason, "stop"), result.new_messages())

    def _deferred(self, result: TheirResult[Any], asked: DeferredToolRequests) -> api.DeferredToolRequests:
        state = _State(
            history=result.all_messages_json().decode(),
            calls=tuple(call.tool_call_id for call in asked.calls),
            approvals=tuple(call.tool_call_id for call in asked.approvals),
            has_spoken=bool(self._gap()),
        ).model_dump_json()
        if len(state) > api.STATE_LIMIT_CHARS:
            raise TooLarge("The agent has read more than a turn can keep")
        return api.DeferredToolRequests(
            calls=tuple(_wanted(call) for call in asked.calls),
            approvals=tuple(_wanted(call) for call in asked.approvals),
            state=state,
            usage=self._usage(),
        )

    def _result(self, reason: FinishReason, new: Sequence[messages.ModelMessage]) -> api.RunResult:
        agent = self.request.context.agent
        return api.RunResult(
            result=api.AgentRunResult(
                output="".join(self.said),
                run_id=self.request.context.run_id,
                agent_id=self.request.agent_id,
                new_messages=tuple(_ours(message, f"{agent.provider}:{agent.model}") for message in new),
                usage=self._usage(),
                finish_reason=reason,
            )
        )

    def _usage(self) -> Usage:
        used = self.usage
        return Usage(
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            requests=used.requests,
            tool_calls=used.tool_calls,
        )


def _message(role: str, text: str) -> messages.ModelMessage:
    if role == "assistant":
        return messages.ModelResponse(parts=[messages.TextPart(content=text)])
    return messages.ModelRequest(parts=[messages.UserPromptPart(content=text)])


def _decided(decision: api.ToolApproval | None) -> bool | ToolDenied:
    if decision is not None and decision.approved:
        return True
    return ToolDenied((decision.reason if decision else None) or "The people in the room did not want this done")


def _call(part: messages.ToolCallPart) -> api.ToolCallPart:
    return api.ToolCallPart(tool_name=part.tool_name, args=part.args_as_json_str(), tool_call_id=part.tool_call_id)


def _wanted(part: messages.ToolCallPart) -> api.ToolCall:
    return api.ToolCall(tool_name=part.tool_name, args=part.args_as_json_str(), tool_call_id=part.tool_call_id)


def _returned(part: messages.ToolReturnPart | messages.RetryPromptPart) -> api.ToolReturnPart:
    content = part.model_response_str() if isinstance(part, messages.ToolReturnPart) else part.model_response()
    return api.ToolReturnPart(tool_name=part.tool_name or "", content=clipped(content), tool_call_id=part.tool_call_id)


def _ours(message: messages.ModelMessage, model_name: str) -> api.ModelMessage:
    if isinstance(message, messages.ModelRequest):
        returned = (p for p in message.parts if isinstance(p, messages.ToolReturnPart | messages.RetryPromptPart))
        return api.ModelRequest(parts=tuple(map(_returned, returned)))
    parts: list[api.TextPart | api.ToolCallPart] = []
    for part in message.parts:
        if isinstance(part, messages.TextPart):
            parts.append(api.TextPart(content=part.content))
        elif isinstance(part, messages.ToolCallPart):
            parts.append(_call(part))
    return api.ModelResponse(parts=tuple(parts), model_name=model_name)
