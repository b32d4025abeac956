"""Who answers a message.

Law: pure decisions over what was said and who is in the group. Starting, queuing and ending runs is `runs`' business.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from shared.agent_api import AgentProfile
from shared.protocol import Mention

_HANDLE: Final = re.compile(r"(?<![\w@/.])@([a-z0-9][a-z0-9_-]{0,31})(?![\w-])", re.IGNORECASE)


def all_mentions(text: str, given: Iterable[Mention], agents: Mapping[str, AgentProfile]) -> tuple[Mention, ...]:
    """The mentions a client gave, and the `@handle`s that somebody merely typed; each once, in order of appearance."""
    by_handle = {agent.handle: agent.id for agent in agents.values()}
    typed = (by_handle.get(match[1].lower()) for match in _HANDLE.finditer(text))
    found = [*given, *(Mention(kind="agent", id=agent_id) for agent_id in typed if agent_id is not None)]
    return tuple(dict.fromkeys(found))


def addressed(mentions: Iterable[Mention], agents: Mapping[str, AgentProfile]) -> tuple[str, ...]:
    """The agents of this group that these mentions ask to speak."""
    return tuple(m.id for m in mentions if m.kind == "agent" and m.id in agents)
