"""One agent turn, from a request to the stream of its events.

Law: pure. Whatever goes wrong is an event of the stream, never a broken one; the last event is always terminal.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from agents.providers import Engine, Providers
from agents.speaking import Speaking
from agents.tools.toolbox import Toolbox
from shared.agent_api import AgentRunRequest, RunError, RunEvent, usage_of
from shared.errors import InvalidBody, ParleyError
from shared.log import Log, whereabouts
from shared.protocol import Usage


@dataclass(frozen=True)
class Stage:
    """What turns are made of in this deployment."""

    providers: Providers
    log: Log
    toolbox: Toolbox = field(default_factory=lambda: Toolbox({}))


async def turn(request: AgentRunRequest, stage: Stage) -> AsyncGenerator[RunEvent]:
    """The events of this turn; the last one is RunResult, DeferredToolRequests or RunError.

    Closing it closes the provider's stream.
    """
    run_id, log = request.context.run_id, stage.log
    used: Usage | None = None
    try:
        async with aclosing(_events(request, stage)) as events:
            async for event in events:
                used = usage_of(event) or used
                yield event
    except ParleyError as exc:
        log("run_failed", run_id=run_id, code=exc.code, reason=exc.reason)
        yield RunError(code=exc.code, message=exc.detail, usage=used)
    except Exception as exc:  # noqa: BLE001 -- a provider or an agent may raise anything; its text stays in the log
        log("run_failed", run_id=run_id, code="agent_failed", reason=whereabouts(exc))
        yield RunError(code="agent_failed", message="The agent failed", usage=used)


def _events(request: AgentRunRequest, stage: Stage) -> AsyncGenerator[RunEvent]:
    provider = stage.providers.get(request.context.agent.provider)
    if provider is None:
        raise InvalidBody(f"There is no provider of this name; known are {', '.join(stage.providers)}")
    if isinstance(provider, Engine):
        return cast("AsyncGenerator[RunEvent]", provider.events(request))
    return Speaking(request, provider, stage.toolbox.of(request, stage.log)).events()
