"""Agents that need no network and no model: `model` names one of them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from agents.builtin import librarian, scribe
from agents.providers import Ending
from shared.agent_api import AgentRunRequest
from shared.errors import InvalidBody
from shared.protocol import Usage

Answer = Callable[[AgentRunRequest], str]
AGENTS: Final[dict[str, Answer]] = {
    "librarian": lambda request: librarian.answer(
        request.messages, request.context.trigger, request.context.agent.handle
    ),
    "scribe": lambda request: scribe.summarise(request.messages, request.agent_id),
}
_PIECE: Final = re.compile(r"\S+\s*")
PACE_S: Final = 0.01


class BuiltinProvider:
    """Streams a word at a time, at a pace that a reader can follow."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep

    async def stream(self, request: AgentRunRequest) -> AsyncIterator[str | Ending]:
        answer = AGENTS.get(request.context.agent.model)
        if answer is None:
            raise InvalidBody(f"There is no built-in agent of this name; known are {', '.join(AGENTS)}")
        text = answer(request)
        for piece in _PIECE.findall(text):
            yield piece
            await self._sleep(PACE_S)
        yield Ending(Usage(requests=1, output_tokens=len(text.split())))
