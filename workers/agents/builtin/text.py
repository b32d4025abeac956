"""Sentences and words, for agents that read without a language model."""

import re
from collections.abc import Iterator
from typing import Final

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|\n+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_STEM_CHARS: Final = 3
# The first that fits is taken off; what ends in -ss or -us is no plural.
_ENDINGS: Final = (
    ("ies", "y"),
    ("sses", "ss"),
    ("ss", "ss"),
    ("us", "us"),
    ("ing", ""),
    ("ied", "y"),
    ("ed", ""),
    ("s", ""),
)
STOP_WORDS: Final = frozenset(
    [
        "a",
        "about",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "don",
        "down",
        "for",
        "from",
        "further",
        "get",
        "go",
        "good",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "let",
        "like",
        "me",
        "more",
        "most",
        "my",
        "no",
        "nor",
        "not",
        "now",
        "of",
        "off",
        "ok",
        "okay",
        "on",
        "once",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "please",
        "really",
        "right",
        "s",
        "same",
        "see",
        "she",
        "should",
        "so",
        "some",
        "still",
        "such",
        "sure",
        "t",
        "than",
        "thank",
        "thanks",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "think",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "us",
        "very",
        "was",
        "we",
        "well",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "why",
        "will",
        "with",
        "would",
        "yes",
        "yet",
        "you",
        "your",
    ]
)


def sentences(text: str) -> list[str]:
    """The sentences of a message, trimmed; a line break ends one as well."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def words(text: str) -> Iterator[str]:
    """The words that carry meaning, in lower case."""
    for match in _WORD.finditer(text.lower()):
        if match[0] not in STOP_WORDS and len(match[0]) > 1:
            yield match[0]


def stem(word: str) -> str:
    """A word without its commonest English endings, so that `ovens arriving` finds `the oven arrives`."""
    word = word.replace("’", "'").removesuffix("'s")
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_CHARS:
            word = word.removesuffix(ending) + instead
            break
    if len(word) > _STEM_CHARS and word[-1] == word[-2] and word[-1].isalpha() and word[-1] not in "aeiouls":
        return word[:-1]
    return word.removesuffix("e") if len(word) > _STEM_CHARS else word


def shortened(text: str, limit_chars: int = 220) -> str:
    """At most `limit_chars`, cut between words."""
    if len(text) <= limit_chars:
        return text
    return text[:limit_chars].rsplit(" ", 1)[0].rstrip(",;:") + " …"
