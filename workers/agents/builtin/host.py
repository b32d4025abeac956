"""The host: decides who of the agents in the room answers a message that addresses nobody.

Law: by rules that anybody can check, the first that fits: who is called by name; who keeps the minutes, when somebody
wants a summary; who keeps the history, for a question about the past; otherwise nobody. Two that fit alike are no
choice.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from agents.turn import Turn
from shared.protocol import Agent

NOBODY: Final = "nobody"
_ASKING: Final = re.compile(r"\b(who|what|when|where|which|how|did|was|were|has|have)\b", re.IGNORECASE)
_PAST: Final = re.compile(
    r"\b(said|say|told|mention(?:ed)?|decid\w+|agreed?|promis\w+|discuss\w+|talk\w*|was|were|did|had|earlier|ago|before|"
    r"yesterday|last (?:week|month|time|night))\b",
    re.IGNORECASE,
)
_LOOK_BACK: Final = re.compile(r"\b(remind me|remember when|look up|find (?:out|where|when|who|what))\b", re.IGNORECASE)
_SUMMARY: Final = re.compile(
    r"\b(sum(?: it| this| that| things)? up|summar(?:y|ise|ize|ies)|recap|catch me up|tl;?dr|minutes|"
    r"what did i miss|where (?:are|do) we)\b",
    re.IGNORECASE,
)
_KEEPS_HISTORY: Final = re.compile(r"librar|histor|archiv|search|memory", re.IGNORECASE)
_KEEPS_MINUTES: Final = re.compile(r"scribe|summar|minute|secretar|note", re.IGNORECASE)


async def choose(turn: Turn) -> str:
    """`@handle` of one candidate, or `nobody`."""
    text, candidates = turn.question, turn.candidates
    for found in (_called(text, candidates), _wanted(text, candidates)):
        if found:
            return f"@{found[0].handle}" if len(found) == 1 else NOBODY
    return NOBODY


def _called(text: str, candidates: Sequence[Agent]) -> list[Agent]:
    return [agent for agent in candidates if any(_names(text, name) for name in (agent.handle, agent.name))]


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _wanted(text: str, candidates: Sequence[Agent]) -> list[Agent]:
    if _SUMMARY.search(text):
        return _that(candidates, _KEEPS_MINUTES.search)
    if "?" in text and (_LOOK_BACK.search(text) or _asks_of_the_past(text)):
        return _that(candidates, _KEEPS_HISTORY.search)
    return []


def _asks_of_the_past(text: str) -> bool:
    """Two searches, one behind the other: one for both takes seconds for a message that is made so."""
    asking = _ASKING.search(text)
    return asking is not None and _PAST.search(text, asking.end()) is not None


def _that(candidates: Sequence[Agent], is_fit: Callable[[str], object]) -> list[Agent]:
    return [agent for agent in candidates if is_fit(agent.handle) or is_fit(agent.name)]
