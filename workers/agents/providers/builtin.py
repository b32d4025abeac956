"""Agents that need no network and no model: `model` names one of them."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from agents.builtin.host import choose
from agents.builtin.librarian import librarian
from agents.builtin.scribe import scribe
from agents.providers import Ask, Ending, Piece, ToolCalls
from agents.replay import answered
from agents.turn import Answer
from shared.errors import InvalidBody
from shared.protocol import Usage

AGENTS: Final[dict[str, Answer]] = {"librarian": librarian, "scribe": scribe}
SELECTORS: Final[dict[str, Answer]] = {"host": choose}
_PIECE: Final = re.compile(r"\S+\s*")
PACE_S: Final = 0.01


class BuiltinProvider:
    """Streams a word at a time, at a pace that a reader can follow; a word counts as a token."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep

    async def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        answer = _agent(ask)
        said = 0
        async with aclosing(answered(answer, ask)) as texts:
            async for text in texts:
                if isinstance(text, ToolCalls):
                    yield text
                    break
                for piece in _PIECE.findall(text):
                    if said == ask.token_limit:
                        yield Ending(Usage(requests=1, output_tokens=said), "length")
                        return
                    yield piece
                    said += 1
                    await self._sleep(PACE_S)
        yield Ending(Usage(requests=1, output_tokens=said))


def _agent(ask: Ask) -> Answer:
    """Raises InvalidBody when there is none of this name for this purpose."""
    model, selects = ask.request.context.agent.model, ask.request.context.purpose == "select"
    answer = (SELECTORS if selects else AGENTS).get(model)
    if answer is not None:
        return answer
    if model in AGENTS:
        raise InvalidBody(f"The built-in {model} answers questions; it cannot decide who does")
    if model in SELECTORS:
        raise InvalidBody(f"The built-in {model} only decides who answers; make it a group's selector")
    raise InvalidBody(f"There is no built-in agent of this name; known are {', '.join([*AGENTS, *SELECTORS])}")
