"""Agents of one's own (`agents.own`) as a provider: `model` names one of them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

from agents.own.agent import Answer, Turn
from agents.providers import Ending
from shared.agent_api import AgentRunRequest
from shared.errors import InvalidBody
from shared.protocol import Usage


class PythonProvider:
    def __init__(self, agents: Mapping[str, Answer]) -> None:
        self._agents = agents

    async def stream(self, request: AgentRunRequest) -> AsyncGenerator[str | Ending]:
        answer = self._agents.get(request.context.agent.model)
        if answer is None:
            raise InvalidBody(f"There is no Python agent of this name; known are {', '.join(self._agents)}")
        said = answer(Turn(request))
        if isinstance(said, AsyncGenerator):
            async with aclosing(said):
                async for piece in said:
                    yield piece
        elif isinstance(said, AsyncIterator):
            async for piece in said:
                yield piece
        else:
            yield await said
        yield Ending(Usage(requests=1))
