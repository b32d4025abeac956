"""What an agent written in Python is: a function from a turn to words, entered under a name.

    @agent("weather")
    async def weather(turn: Turn) -> str:
        return await turn.use("forecast", city=turn.question)

Law: the register only; `agents.turn` says what a turn is. A function may return its whole text, or yield it piece by
piece; what it raises ends the run with an error whose text stays in the log.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from agents.turn import Answer, Turn

__all__ = ["AGENTS", "Answer", "Turn", "agent"]

A = TypeVar("A", bound=Answer)
AGENTS: Final[dict[str, Answer]] = {}


def agent(name: str) -> Callable[[A], A]:
    """Enters a function under this name, by which an agent's `model` finds it. Raises ValueError when it is taken."""

    def enter(answer: A) -> A:
        if name in AGENTS:
            raise ValueError(f"There are two agents called {name}")
        AGENTS[name] = answer
        return answer

    return enter
