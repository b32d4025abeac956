"""Agents written with somebody else's framework: entered here by name, imported only when one of them is asked.

    @pydantic_ai_agent("sous_chef")
    def sous_chef() -> Agent:
        from pydantic_ai import Agent
        return Agent("openai:gpt-5-mini", instructions="You are the sous chef.")

Law: nothing of a framework is imported here: it would cost every start of the Worker more than it may take.
"""

import os
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from shared.agent_api import AgentRunRequest, RunEvent
from shared.errors import InvalidBody, Misconfigured

if TYPE_CHECKING:
    from agents.providers.openai_compatible import OpenAiCompatible

Make = TypeVar("Make", bound=Callable[[], Any])
PYDANTIC_AI: Final = "pydantic-ai"
PYDANTIC_AI_AGENTS: Final[dict[str, Callable[[], Any]]] = {}
_PRICES: Final = "genai_prices.data"


def pydantic_ai_agent(name: str) -> Callable[[Make], Make]:
    """Enters a function that makes a pydantic-ai Agent under this name. Raises ValueError when it is taken."""

    def enter(make: Make) -> Make:
        if name in PYDANTIC_AI_AGENTS:
            raise ValueError(f"There are two pydantic-ai agents called {name}")
        PYDANTIC_AI_AGENTS[name] = make
        return make

    return enter


class PydanticAi:
    """`agents.providers.Engine`: an agent's `model` names one of those that were entered."""

    def __init__(self, providers: Mapping[str, "OpenAiCompatible"] = MappingProxyType({})) -> None:
        self._providers = providers
        self._made: dict[str, Any] = {}

    async def events(self, request: AgentRunRequest) -> AsyncGenerator[RunEvent]:
        name = request.context.agent.model
        make = PYDANTIC_AI_AGENTS.get(name)
        if make is None:
            raise InvalidBody(f"There is no pydantic-ai agent of this name; known are {', '.join(PYDANTIC_AI_AGENTS)}")
        _leave_out()
        try:
            # Here and not above: seconds of import in a Worker (pydantic-ai-slim 2.68, workerd 1.20261117).
            from agents.engines.pydantic_ai import run  # noqa: PLC0415
        except ModuleNotFoundError as exc:
            raise Misconfigured(reason=f"{exc.name} is not among the Worker's packages; see docs/agents.md") from exc
        if name not in self._made:
            self._made[name] = make()
        async with aclosing(run(self._made[name], request, self._providers)) as events:
            async for event in events:
                yield event


def _leave_out() -> None:
    """The list of all models' prices would take half of a Worker's memory, and nothing here asks for a price. Nor does
    anybody read a banner.
    """
    os.environ["PYDANTIC_AI_NO_BANNER"] = "1"
    if _PRICES not in sys.modules:
        empty = ModuleType(_PRICES)
        vars(empty)["providers"] = []
        sys.modules[_PRICES] = empty
