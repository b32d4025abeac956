"""The librarian: answers a question with what people said about it, in their own words and with the seq of each.

Law: extractive. It quotes people, never agents, and says so when nobody has said anything, and how far it has looked.
With the tool `search_history` that is the whole history of the group, otherwise what it was shown. The ranking is Okapi
BM25 over sentences (Robertson and Zaragoza 2009, section 3), over stemmed words that carry meaning.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from agents.builtin.passages import MENTION, Sentence, sentences_of
from agents.builtin.text import stem, words
from agents.tools.host import SEARCH_HISTORY, SEARCH_LIMIT
from agents.turn import Turn
from shared.agent_api import TurnMessage
from shared.protocol import Actor
from shared.search import SEARCH_LIMIT_CHARS

PASSAGES: Final = 3
NOTHING_ASKED: Final = "Ask me about something that was said here."
# How one asks, not what one asks for.
_ASKING: Final = frozenset(
    [
        "anybody",
        "anyone",
        "anything",
        "ask",
        "asked",
        "find",
        "know",
        "mention",
        "mentioned",
        "recall",
        "remember",
        "said",
        "say",
        "says",
        "show",
        "somebody",
        "someone",
        "something",
        "talk",
        "talked",
        "tell",
        "told",
    ]
)
_SATURATION: Final = 1.2
_LENGTH_SHARE: Final = 0.6
# A sentence says something about a question when it has one in this many of its words, …
_WORDS_PER_HIT: Final = 3
# … and it is not worth quoting beside one that fits this much better.
_WORTH_QUOTING: Final = 0.4
_QUESTION_WEIGHT: Final = 0.5


@dataclass(frozen=True)
class _Passage:
    sentence: Sentence
    terms: Counter[str]

    @property
    def length(self) -> int:
        return self.terms.total()


class _Hit(BaseModel):
    seq: int
    ts: str
    sender: Actor
    text: str


_HITS: Final[TypeAdapter[tuple[_Hit, ...]]] = TypeAdapter(tuple[_Hit, ...])


async def librarian(turn: Turn) -> str:
    """Answers from the whole history when it may search there, and from what it was shown when not."""
    trigger, handle = turn.request.context.trigger, turn.request.context.agent.handle
    topic = _topic(turn.question)
    if not topic or not turn.may_use(SEARCH_HISTORY):
        return answer(turn.messages, trigger, handle)
    found = await turn.use(SEARCH_HISTORY, query=_query(topic), limit=SEARCH_LIMIT)
    try:
        hits = _HITS.validate_json(found)
    except ValidationError:
        # No hits but a sentence that says why not.
        return answer(turn.messages, trigger, handle)
    known = {message.seq for message in turn.messages}
    more = [TurnMessage(seq=hit.seq, ts=hit.ts, sender=hit.sender, text=hit.text) for hit in hits]
    earlier = sorted((hit for hit in more if hit.seq not in known), key=lambda hit: hit.seq)
    return answer([*earlier, *turn.messages], trigger, handle, is_all=True)


def _query(topic: Sequence[str]) -> str:
    """The search takes words by their beginnings: `ovens` is found by `oven`, but `parties` not by `party`."""
    forms = (form for word in topic for form in ((stem(word),) if word.startswith(stem(word)) else (stem(word), word)))
    query = ""
    for form in forms:
        if len(query) + 1 + len(form) > SEARCH_LIMIT_CHARS:
            break
        query = f"{query} {form}".lstrip()
    return query or topic[0][:SEARCH_LIMIT_CHARS]


def answer(messages: Sequence[TurnMessage], trigger: int, handle: str, *, is_all: bool = False) -> str:
    """Up to three quotations in Markdown on what the message with the seq `trigger` asks the agent called `handle`.

    `is_all`: what is in the whole history about it is in these messages.
    """
    asked = next((message.text for message in messages if message.seq == trigger), "")
    topic = _topic(asked)
    if not topic:
        return NOTHING_ASKED
    said = [m for m in messages if m.seq != trigger and m.sender.kind == "user" and not _asks(m.text, handle)]
    passages = [_Passage(s, Counter(_terms(s.text))) for m in said for s in sentences_of(m)]
    best = _best(passages, {stem(word) for word in topic})
    about = _listed(topic)
    if not best:
        where = "here" if is_all else "in the messages that I can see"
        return f"Nothing was said about {about} {where}."
    return "\n".join([f"**About {about}**", *(f"- {sentence.quoted()}" for sentence in best)])


def _topic(text: str) -> list[str]:
    """What is asked about, in the asker's words, each once."""
    found = {stem(word): word for word in reversed(list(words(MENTION.sub(" ", text)))) if word not in _ASKING}
    return list(reversed(found.values()))


def _terms(text: str) -> list[str]:
    return [stem(word) for word in words(MENTION.sub(" ", text))]


def _asks(text: str, handle: str) -> bool:
    """An earlier question to the same agent answers nothing."""
    return any(found.strip(" \n,:").lower() == f"@{handle}" for found in MENTION.findall(text))


def _best(passages: Sequence[_Passage], asked: set[str]) -> list[Sentence]:
    """The sentences that fit best, at most one a message, the best first."""
    if not passages:
        return []
    rarity = _rarity(passages, asked)
    mean_length = sum(passage.length for passage in passages) / len(passages) or 1.0
    enough = ceil(len(asked) / _WORDS_PER_HIT)
    fitting = [passage for passage in passages if len(asked & passage.terms.keys()) >= enough]
    scored = [(_score(passage, rarity, mean_length), passage.sentence) for passage in fitting]
    # Of two that fit as well the newer one stands.
    scored.sort(key=lambda row: (-row[0], -row[1].seq))
    chosen: dict[int, Sentence] = {}
    for score, sentence in scored:
        if score >= scored[0][0] * _WORTH_QUOTING:
            chosen.setdefault(sentence.seq, sentence)
    return list(chosen.values())[:PASSAGES]


def _rarity(passages: Sequence[_Passage], asked: set[str]) -> dict[str, float]:
    """Inverse document frequency: the rarer a word, the more it says."""
    total = len(passages)
    counts = {term: sum(term in passage.terms for passage in passages) for term in asked}
    return {term: log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in counts.items()}


def _score(passage: _Passage, rarity: dict[str, float], mean_length: float) -> float:
    drag = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * passage.length / mean_length)
    hits = ((rarity[term], passage.terms[term]) for term in rarity)
    score = sum(weight * count * (_SATURATION + 1) / (count + drag) for weight, count in hits)
    return score * _QUESTION_WEIGHT if passage.sentence.text.endswith("?") else score


def _listed(topic: Sequence[str]) -> str:
    *first, last = topic
    return f"{', '.join(first)} and {last}" if first else last
