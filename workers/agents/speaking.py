"""One agent speaking for one turn: the model is asked, uses tools, and is asked again, until it has answered.

Law: pure. A provider only says what it wants used; whether that happens is decided here. A turn that has to wait for
the Group Controller or for people ends with DeferredToolRequests, and a new request goes on where it stopped.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, cast

from agents.conversation import Conversation, call_part, return_part
from agents.providers import Ask, Ending, FinishReason, Piece, Provider, ToolCalls
from agents.tools import Call, ToolFailed
from agents.tools.toolbox import TurnTools, Way, failed
from shared.agent_api import (
    AgentRunRequest,
    AgentRunResult,
    DeferredToolRequests,
    FinalResult,
    FunctionToolCall,
    FunctionToolResult,
    PartDelta,
    PartEnd,
    PartStart,
    RunEvent,
    RunResult,
    RunUsage,
    TextPart,
    TextPartDelta,
    ToolApproval,
    ToolCall,
)
from shared.protocol import Usage

ROUNDS_LIMIT: Final = 8
CALLS_LIMIT: Final = 16
_NAME_LIMIT_CHARS: Final = 64


@dataclass
class Speaking:
    request: AgentRunRequest
    provider: Provider
    tools: TurnTools
    _so_far: Conversation = field(default_factory=Conversation)
    _said_last: str = ""

    async def events(self) -> AsyncGenerator[RunEvent]:
        """The last one is RunResult or DeferredToolRequests. Raises what the provider raises."""
        deferred = self.request.deferred
        if deferred is not None:
            self._so_far = Conversation.resumed(deferred.state)
            async with aclosing(self._settle()) as settled:
                async for event in settled:
                    yield event
            yield RunUsage(usage=self._so_far.usage)
        while len(self._so_far.rounds) < ROUNDS_LIMIT and self._tokens_left() != 0:
            ending = Ending(Usage())
            calls: tuple[Call, ...] = ()
            async with aclosing(self._pieces()) as pieces:
                async for piece in pieces:
                    match piece:
                        case Ending():
                            ending = piece
                        case ToolCalls():
                            calls = piece.calls
                        case _:
                            yield piece
            self._so_far.count(ending.usage)
            if not calls:
                yield self._result(ending.finish_reason)
                return
            yield RunUsage(usage=self._so_far.usage)
            async with aclosing(self._use(self._so_far.add(self._said_last, calls))) as used:
                async for event in used:
                    yield event
                    if isinstance(event, DeferredToolRequests):
                        return
            yield RunUsage(usage=self._so_far.usage)
        self._said_last = ""
        yield self._result("length")

    async def _pieces(self) -> AsyncGenerator[RunEvent | ToolCalls | Ending]:
        """One answer of the model. Its text is one part, which begins with its first word."""
        ask = Ask(self.request, self.tools.specs(), tuple(self._so_far.rounds), self._tokens_left())
        said: list[str] = []
        calls: ToolCalls | None = None
        async with aclosing(cast("AsyncGenerator[Piece]", self.provider.stream(ask))) as stream:
            async for piece in stream:
                if isinstance(piece, Ending):
                    break
                if isinstance(piece, ToolCalls):
                    calls = piece
                elif piece:
                    if not said:
                        yield PartStart(index=0, part=TextPart(content=""))
                        yield FinalResult()
                    said.append(piece)
                    yield PartDelta(index=0, delta=TextPartDelta(content_delta=piece))
            else:
                piece = Ending(Usage())
        self._said_last = "".join(said)
        self._so_far.said += self._said_last
        if not said and calls is None:
            yield PartStart(index=0, part=TextPart(content=""))
            yield FinalResult()
        if said or calls is None:
            yield PartEnd(index=0, part=TextPart(content=self._said_last))
        if calls is not None:
            yield calls
        yield piece

    async def _use(self, calls: tuple[Call, ...]) -> AsyncGenerator[RunEvent]:
        """Does what can be done here and now; when something is left, the last event asks for it."""
        waiting: dict[Way, list[ToolCall]] = {"here": [], "host": [], "approval": []}
        for number, call in enumerate(calls, self._so_far.calls - len(calls)):
            yield FunctionToolCall(part=call_part(call.model_copy(update={"name": call.name[:_NAME_LIMIT_CHARS]})))
            try:
                if number >= CALLS_LIMIT:
                    raise ToolFailed(f"A turn has at most {CALLS_LIMIT} calls of tools")
                way = self.tools.way(call)
            except ToolFailed as exc:
                yield self._came_of(call, failed(str(exc)))
                continue
            if way == "here":
                yield await self._used(call)
            else:
                waiting[way].append(ToolCall(tool_call_id=call.id, tool_name=call.name, args=call.args or "{}"))
        if self._so_far.rounds[-1].open:
            yield DeferredToolRequests(
                calls=tuple(waiting["host"]),
                approvals=tuple(waiting["approval"]),
                state=self._so_far.state(),
                usage=self._so_far.usage,
            )

    async def _settle(self) -> AsyncGenerator[RunEvent]:
        """What came of the calls that this turn has waited for."""
        deferred = self.request.deferred
        answers = {answer.tool_call_id: answer.content for answer in deferred.calls} if deferred else {}
        decisions = {decision.tool_call_id: decision for decision in deferred.approvals} if deferred else {}
        for call in self._so_far.rounds[-1].open:
            try:
                way = self.tools.way(call)
            except ToolFailed as exc:
                # The agent's tools were changed while it waited.
                yield self._came_of(call, failed(str(exc)))
                continue
            if way == "host":
                self._so_far.count(Usage(tool_calls=1))
                yield self._came_of(call, answers.get(call.id, failed("There was no answer")))
            elif refusal := _refusal(decisions.get(call.id)):
                yield self._came_of(call, refusal)
            else:
                yield await self._used(call)

    async def _used(self, call: Call) -> RunEvent:
        self._so_far.count(Usage(tool_calls=1))
        return self._came_of(call, await self.tools.use(call))

    def _came_of(self, call: Call, result: str) -> RunEvent:
        self._so_far.answer({call.id: result})
        return FunctionToolResult(part=return_part(call, result))

    def _tokens_left(self) -> int | None:
        limit = self.request.context.output_token_limit
        return None if limit is None else max(0, limit - self._so_far.usage.output_tokens)

    def _result(self, finish_reason: FinishReason) -> RunResult:
        agent, so_far = self.request.context.agent, self._so_far
        return RunResult(
            result=AgentRunResult(
                output=so_far.said,
                run_id=self.request.context.run_id,
                agent_id=self.request.agent_id,
                new_messages=so_far.new_messages(self._said_last, f"{agent.provider}:{agent.model}"),
                usage=so_far.usage,
                finish_reason=finish_reason,
            )
        )


def _refusal(decision: ToolApproval | None) -> str | None:
    """What the model reads when nobody has let it use the tool."""
    if decision is not None and decision.approved:
        return None
    said = f": {decision.reason}" if decision is not None and decision.reason else ""
    return failed(f"The people in the room did not want this done{said}")
