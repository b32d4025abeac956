"""One agent turn, from a request to the stream of its events.

Law: pure. Whatever goes wrong is an event of the stream, never a broken one; the last event is always terminal.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

from agents.providers import Ending, Providers
from shared.agent_api import (
    AgentRunRequest,
    AgentRunResult,
    FinalResult,
    ModelResponse,
    PartDelta,
    PartEnd,
    PartStart,
    RunError,
    RunEvent,
    RunResult,
    TextPart,
    TextPartDelta,
)
from shared.errors import InvalidBody, ParleyError
from shared.log import Log, whereabouts
from shared.protocol import Usage


async def turn(request: AgentRunRequest, providers: Providers, log: Log) -> AsyncGenerator[RunEvent]:
    """The events of this turn; the last one is RunResult or RunError. Closing it closes the provider's stream."""
    try:
        async with aclosing(_speak(request, providers)) as events:
            async for event in events:
                yield event
    except ParleyError as exc:
        log("run_failed", run_id=request.context.run_id, code=exc.code, reason=exc.reason)
        yield RunError(code=exc.code, message=exc.detail)
    except Exception as exc:  # noqa: BLE001 -- a provider or an agent may raise anything; its text stays in the log
        log("run_failed", run_id=request.context.run_id, code="agent_failed", reason=whereabouts(exc))
        yield RunError(code="agent_failed", message="The agent failed")


async def _speak(request: AgentRunRequest, providers: Providers) -> AsyncGenerator[RunEvent]:
    agent = request.context.agent
    provider = providers.get(agent.provider)
    if provider is None:
        raise InvalidBody(f"There is no provider of this name; known are {', '.join(providers)}")
    pieces: list[str] = []
    ending = Ending(Usage())
    yield PartStart(index=0, part=TextPart(content=""))
    yield FinalResult()
    async with aclosing(cast("AsyncGenerator[str | Ending]", provider.stream(request))) as stream:
        async for piece in stream:
            if isinstance(piece, Ending):
                ending = piece
                break
            pieces.append(piece)
            yield PartDelta(index=0, delta=TextPartDelta(content_delta=piece))
    whole = TextPart(content="".join(pieces))
    yield PartEnd(index=0, part=whole)
    yield RunResult(
        result=AgentRunResult(
            output=whole.content,
            run_id=request.context.run_id,
            agent_id=request.agent_id,
            new_messages=(ModelResponse(parts=(whole,), model_name=f"{agent.provider}:{agent.model}"),),
            usage=ending.usage,
            finish_reason=ending.finish_reason,
        )
    )
