"""Full-text search over what was said in a group.

Law: a question is a person's or a model's own words and never an FTS5 expression; whoever asks sees what all of the
viewers may see.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from durable_objects.journal import event_data
from durable_objects.journal_search import Found
from durable_objects.room import Room
from shared.errors import InvalidBody
from shared.protocol import Actor, MessageCreated
from shared.search import Hit, Mark, Search, SearchOk

TERMS_LIMIT: Final = 16
_PREFIX_CHARS: Final = 2
# Noncharacters of Unicode: in no text that is meant for reading. A text that has them all the same is shown unmarked.
_MARKS: Final = ("\ufdd0", "\ufdd1")
_TERM: Final = re.compile(r'"([^"]*)"?|([^\s"]+)')
_UNSPEAKABLE: Final = re.compile(r'["\x00-\x1f]')


def search(room: Room, viewer_ids: Sequence[str], query: Search) -> SearchOk:
    """A page of messages that every one of these people and agents may see. Raises InvalidBody for no word at all."""
    first_seq = room.first_seq_of_all(viewer_ids)
    seqs = range(first_seq, query.before or room.head + 1)
    found = room.journal.message_index.find(expression(query.q), _MARKS, seqs, query.limit + 1)
    return SearchOk(hits=tuple(_hit(row) for row in found[: query.limit]), more=len(found) > query.limit)


def best(room: Room, viewer_ids: Sequence[str], question: str, limit: int) -> tuple[Hit, ...]:
    """The messages that match any of the question's words best, and that all of these may see. Raises InvalidBody."""
    words = " ".join(question.split()[:TERMS_LIMIT])
    found = room.journal.message_index.best(expression(words, " OR "), room.first_seq_of_all(viewer_ids), limit)
    return tuple(_hit(row) for row in found)


def expression(question: str, joined_by: str = " AND ") -> str:
    """The question in FTS5's language, with nothing of it left to be read as that language."""
    terms = [term for quoted, bare in _TERM.findall(question) if (term := _term(quoted, bare))]
    if not terms:
        raise InvalidBody("q: name at least one word to look for")
    if len(terms) > TERMS_LIMIT:
        raise InvalidBody(f"q: at most {TERMS_LIMIT} words")
    return joined_by.join(terms)


def _term(quoted: str, bare: str) -> str | None:
    words = _UNSPEAKABLE.sub(" ", quoted or bare).strip()
    letters = sum(char.isalnum() for char in words)
    if not letters:
        return None
    by_beginning = bool(bare) and letters >= _PREFIX_CHARS
    return f'"{words}"*' if by_beginning else f'"{words}"'


def _hit(found: Found) -> Hit:
    event = event_data(found.body)
    data = MessageCreated.model_validate(event["data"], strict=False)
    text = data.text if found.edited is None else found.edited
    run_id = event.get("run_id")
    return Hit(
        seq=int(str(event["seq"])),
        ts=str(event["ts"]),
        actor=Actor.model_validate(event["actor"]),
        text=text,
        marks=tuple(_marks(found.marked, text)),
        reply_to=data.reply_to,
        run_id=None if run_id is None else str(run_id),
        edited=found.edited is not None,
    )


def _marks(marked: str, text: str) -> Iterable[Mark]:
    opening, closing = _MARKS
    first, *rest = marked.split(opening)
    parts = [part.partition(closing) for part in rest]
    if first + "".join(word + after for word, _, after in parts) != text:
        return
    start = len(first)
    for word, _, after in parts:
        yield Mark(start=start, end=start + len(word))
        start += len(word) + len(after)
