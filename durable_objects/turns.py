"""Who answers a message.

Law: pure decisions over what was said and who is in the group. Asking, starting and ending runs is the business of
`turn_taking` and `runs`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.agent_api import AgentProfile
from shared.protocol import Mention

_HANDLE: Final = re.compile(r"(?<![\w@/.])@([a-z0-9][a-z0-9_-]{0,31})(?![\w-])", re.IGNORECASE)
# No alternative looks beyond the next sign of its own kind: what an agent says may be long, and made to be slow.
_QUOTED: Final = re.compile(
    r"```(?:.*?```|.*)|`[^`\n]*`|“[^“”]*”|\"[^\"\n]*\"|^[ \t]*>[^\n]*", re.DOTALL | re.MULTILINE
)
_NOBODY: Final = re.compile(r"\bnobody\b", re.IGNORECASE)


def all_mentions(text: str, given: Sequence[Mention], agents: Mapping[str, AgentProfile]) -> tuple[Mention, ...]:
    """The mentions a client gave, and the `@handle`s that somebody merely typed; each once, in order of appearance."""
    if not given and "@" not in text:
        return ()
    by_handle = {agent.handle: agent.id for agent in agents.values()}
    typed = (by_handle.get(match[1].lower()) for match in _HANDLE.finditer(text))
    found = [*given, *(Mention(kind="agent", id=agent_id) for agent_id in typed if agent_id is not None)]
    return tuple(dict.fromkeys(found))


def called(text: str, agents: Mapping[str, AgentProfile], speaker: str) -> tuple[Mention, ...]:
    """Whom an agent's words call: by `@handle`, never itself, and nobody whose handle it merely quotes."""
    return tuple(m for m in all_mentions(_QUOTED.sub(" ", text), (), agents) if m.id != speaker)


def addressed(mentions: Iterable[Mention], agents: Mapping[str, AgentProfile]) -> tuple[str, ...]:
    """The agents of this group that these mentions ask to speak."""
    return tuple(m.id for m in mentions if m.kind == "agent" and m.id in agents)


def next_in_turn(agent_ids: Sequence[str], last: str | None) -> tuple[str, ...]:
    """Whose turn it is after `last`, who may have left; nobody's where nobody is."""
    if not agent_ids:
        return ()
    place = agent_ids.index(last) + 1 if last in agent_ids else 0
    return (agent_ids[place % len(agent_ids)],)


def selected(text: str, candidates: Mapping[str, AgentProfile]) -> tuple[str, ...] | None:
    """Whom a selector's words name, of those it could; None when it names none of them and not `nobody` either."""
    named = addressed(all_mentions(text, (), candidates), candidates)
    return named if named or _NOBODY.search(text) else None
