"""What an agent written in Python is: a function from a turn to words, entered under a name.

    @agent("weather")
    async def weather(turn: Turn) -> str:
        return f"You asked: {turn.question}"

Law: types and the register only. A function may return its whole text, or yield it piece by piece; what it raises ends
the run with an error whose text stays in the log. It gets words and names, never a credential.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from agents.builtin.passages import SPOKEN_TO
from shared.agent_api import AgentRunRequest, TurnMessage
from shared.protocol import Actor, Member


@dataclass(frozen=True)
class Turn:
    """One turn, and all that a Group Controller says about it in `request`."""

    request: AgentRunRequest

    @property
    def question(self) -> str:
        """What was said to this agent, without the names it is addressed to."""
        asked = (message.text for message in self.messages if message.seq == self.request.context.trigger)
        return SPOKEN_TO.sub("", next(asked, ""))

    @property
    def asker(self) -> Actor:
        return self.request.context.requested_by

    @property
    def messages(self) -> tuple[TurnMessage, ...]:
        """The conversation as far as this agent may see it, the oldest first, the question included."""
        return self.request.messages

    @property
    def members(self) -> tuple[Member, ...]:
        return self.request.context.members


Answer = Callable[[Turn], Awaitable[str] | AsyncIterator[str]]
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
