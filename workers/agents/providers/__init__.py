"""Where an agent's words come from: one small file a provider.

Law: a provider turns one request into pieces of text and one ending. It knows nothing of HTTP, signatures or groups.
Adding one is a file here and a row in the Agents Worker's `entry.py`.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.agent_api import AgentRunRequest
from shared.protocol import Usage

FinishReason = Literal["stop", "length", "content_filter", "error"]


@dataclass(frozen=True)
class Ending:
    """The last thing a provider yields."""

    usage: Usage
    finish_reason: FinishReason = "stop"


class Provider(Protocol):
    def stream(self, request: AgentRunRequest) -> AsyncIterator[str | Ending]:
        """Pieces of the answer, then one Ending. Raises ParleyError when it cannot answer."""
        ...


Providers = Mapping[str, Provider]
