"""Agents of one's own (`agents.own`) as a provider: `model` names one of them."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from agents.providers import Ask, Ending, Piece
from agents.replay import answered
from agents.turn import Answer
from shared.errors import InvalidBody
from shared.protocol import Usage


class PythonProvider:
    def __init__(self, agents: Mapping[str, Answer]) -> None:
        self._agents = agents

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece]:
        answer = self._agents.get(ask.request.context.agent.model)
        if answer is None:
            raise InvalidBody(f"There is no Python agent of this name; known are {', '.join(self._agents)}")
        async with aclosing(answered(answer, ask)) as pieces:
            async for piece in pieces:
                yield piece
        yield Ending(Usage(requests=1))
