"""Searching what was said in a group: the question and its answer.

Law: frozen types, as in `protocol`; what a question means is `durable_objects.search`' business.
"""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from shared.protocol import Actor, Seq
from shared.wire import Wire

SEARCH_LIMIT_CHARS: Final = 200
SEARCH_LIMIT_HITS: Final = 50


class Search(Wire):
    """`q`: words that all have to be there, each found by its beginning; in double quotes exactly and in this order.

    The newest messages come first; `before` is the seq of the last hit of the page before.
    """

    q: Annotated[str, StringConstraints(min_length=1, max_length=SEARCH_LIMIT_CHARS)]
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=SEARCH_LIMIT_HITS)] = 20


class Mark(Wire):
    """A part of a text that was searched for, in code points; `end` is behind it."""

    start: int
    end: int


class Hit(Wire):
    """A message as it stands now, and where in its text the words are."""

    seq: int
    ts: str
    actor: Actor
    text: str
    marks: tuple[Mark, ...]
    reply_to: int | None = None
    run_id: str | None = None
    edited: bool = False


class SearchOk(Wire):
    """The newest first; `more` says whether older ones would follow."""

    hits: tuple[Hit, ...]
    more: bool
