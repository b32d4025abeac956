"""Where an agent's words come from: one small file a provider.

Law: a provider turns one request into pieces of text, the tools it wants used, and one ending. It knows nothing of
HTTP, signatures or groups, and uses no tool itself: what it asked for comes back as the last of `Ask.rounds`.
Adding one is a file here and a row in the Agents Worker's `entry.py`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from agents.tools import Call, Round, ToolSpec
from shared.agent_api import AgentRunRequest, RunEvent
from shared.protocol import Usage

FinishReason = Literal["stop", "length", "content_filter", "error"]


@dataclass(frozen=True)
class Ask:
    """What a provider is asked: the turn, the tools it may ask for, and what it has said and asked for so far."""

    request: AgentRunRequest
    tools: Sequence[ToolSpec] = ()
    rounds: Sequence[Round] = ()
    token_limit: int | None = None
    """How many tokens the answer may have at most."""


@dataclass(frozen=True)
class ToolCalls:
    """Tools that the provider wants used before it goes on; only an Ending may follow."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Ending:
    """The last thing a provider yields."""

    usage: Usage
    finish_reason: FinishReason = "stop"


Piece = str | ToolCalls | Ending


class Provider(Protocol):
    def stream(self, ask: Ask) -> AsyncIterator[Piece]:
        """Pieces of the answer, perhaps ToolCalls, then one Ending. Raises ParleyError when it cannot answer."""
        ...


@runtime_checkable
class Engine(Protocol):
    """A provider that runs whole turns by itself, its own tools included."""

    def events(self, request: AgentRunRequest) -> AsyncIterator[RunEvent]:
        """All events of the turn, the terminal one included. Raises ParleyError when it cannot answer."""
        ...


Providers = Mapping[str, Provider | Engine]
