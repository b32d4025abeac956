"""The scribe: sums up what people said since it last spoke, in their own words and with the seq of each.

Law: extractive. It picks sentences, it never makes one up; what it calls decided, open or promised was said so by
somebody, and the reference says where.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from agents.builtin.passages import MENTION, Sentence, sentences_of
from agents.builtin.text import words
from agents.turn import Turn
from shared.agent_api import TurnMessage

KEY_POINTS: Final = 4
_DECISION: Final = re.compile(
    r"\b(decided|decision|agreed|agree to|settled|we(?:'|’)?ll (?:go|use|ship|take|do|keep|launch)|we will|"
    r"let(?:'|’)?s (?:go|use|ship|take|do|keep|make|move|launch)|go(?:ing)? with|final(?:ly)?:)\b",
    re.IGNORECASE,
)
_PROMISE: Final = re.compile(
    r"\b(i(?:'|’)?ll|i will|i can (?:do|take|write|send|prepare)|i(?:'|’)?m going to|todo|action:)(?!\w)", re.IGNORECASE
)
_SHORT_WORDS: Final = 2


async def scribe(turn: Turn) -> str:
    return summarise(turn.messages, turn.request.agent_id)


def summarise(messages: Sequence[TurnMessage], me: str) -> str:
    """A summary in Markdown of what was said since `me` (an agent id) last spoke."""
    fresh = _since_last_words(messages, me)
    if not fresh:
        return "Nothing has been said since my last summary."
    said = [sentence for message in fresh for sentence in sentences_of(message)]
    speakers = Counter(message.sender.name for message in fresh)
    who = ", ".join(f"{name} ({count})" for name, count in speakers.most_common())
    first, last = fresh[0].seq, fresh[-1].seq
    noun = "message" if len(fresh) == 1 else "messages"
    head = f"**Summary of #{first}–#{last}** · {len(fresh)} {noun} by {who}"
    questions = _open_questions(said, fresh)
    decisions = [s for s in said if _DECISION.search(s.text) and not s.text.endswith("?")]
    promises = [s for s in said if _PROMISE.search(s.text) and s not in decisions and not s.text.endswith("?")]
    taken = {id(s) for s in (*questions, *decisions, *promises)}
    points = _key_points([s for s in said if id(s) not in taken and not s.text.endswith("?")])
    parts = [
        _section("Said", points),
        _section("Decided", decisions),
        _section("Promised", promises),
        _section("Still open", questions),
    ]
    return "\n\n".join([head, *(part for part in parts if part)])


def _since_last_words(messages: Sequence[TurnMessage], me: str) -> list[TurnMessage]:
    spoke = max((m.seq for m in messages if m.sender.kind == "agent" and m.sender.id == me), default=0)
    return [m for m in messages if m.seq > spoke and m.sender.kind == "user" and not _is_request(m)]


def _is_request(message: TurnMessage) -> bool:
    """A message that only calls an agent is not part of the conversation."""
    bare = MENTION.sub("", message.text)
    return bare != message.text and len(list(words(bare))) <= _SHORT_WORDS


def _open_questions(said: Sequence[Sentence], fresh: Sequence[TurnMessage]) -> list[Sentence]:
    """Questions that nobody replied to."""
    answered = {message.reply_to for message in fresh if message.reply_to is not None}
    return [s for s in said if s.text.endswith("?") and s.seq not in answered and list(words(s.text))]


def _key_points(candidates: Sequence[Sentence]) -> list[Sentence]:
    """The sentences whose words come up most, at most one a message, in the order in which they were said."""
    frequency = Counter(word for s in candidates for word in set(words(s.text)))

    def weight(sentence: Sentence) -> float:
        found = set(words(sentence.text))
        return sum(frequency[word] for word in found) / (len(found) + 3) if len(found) > 1 else 0.0

    best: dict[int, Sentence] = {}
    for sentence in sorted(candidates, key=weight, reverse=True):
        if weight(sentence) > 0:
            best.setdefault(sentence.seq, sentence)
    return sorted(list(best.values())[:KEY_POINTS], key=lambda s: s.seq)


def _section(title: str, found: Sequence[Sentence]) -> str:
    if not found:
        return ""
    return "\n".join([f"**{title}**", *(f"- {sentence.quoted()}" for sentence in found)])
