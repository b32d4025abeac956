"""One turn as an agent or a tool written in Python sees it.

Law: words, names and ids, never a credential. `use` asks for a tool by ending the function: it is called once more when
the result is there, and then `use` returns it at once. So up to its last `use` a function must do the same every time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agents.builtin.passages import SPOKEN_TO
from agents.tools import ToolFailed
from shared.agent_api import AgentRunRequest, TurnMessage
from shared.protocol import Actor, Agent, Member

UseTool = Callable[[str, dict[str, Any]], str]


def _no_tools(name: str, arguments: dict[str, Any]) -> str:
    del arguments
    raise ToolFailed(f"A tool cannot use {name}")


@dataclass(frozen=True)
class Turn:
    """One turn, and all that a Group Controller says about it in `request`."""

    request: AgentRunRequest
    _use: UseTool = _no_tools

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

    @property
    def candidates(self) -> tuple[Agent, ...]:
        """Who may be named, when this turn only decides who answers; nobody otherwise."""
        return self.request.context.candidates

    def may_use(self, tool: str) -> bool:
        """Whether this agent's profile lists the tool."""
        return tool in self.request.context.agent.tools

    async def use(self, tool: str, **arguments: Any) -> str:  # noqa: ANN401 -- whatever JSON can say
        """What the tool answers, in words: also that it failed, or that people did not want it used."""
        return self._use(tool, arguments)


Answer = Callable[[Turn], Awaitable[str] | AsyncIterator[str]]
"""An agent in Python: its whole text, or pieces of it."""
