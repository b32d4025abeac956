"""Which state of a thing a request means: entity tags (RFC 9110 §8.8.3 and §13.1).

Law: a tag is made of what a reader was shown and of nothing else, so that whoever holds it has seen that state.
"""

import hashlib
from typing import Final

from pydantic import BaseModel

from shared.keys import b64url

_TAG_BYTES: Final = 16
_WEAK: Final = "W/"


def entity_tag(shown: BaseModel) -> str:
    """The strong tag of a representation."""
    digest = hashlib.sha256(shown.model_dump_json().encode()).digest()
    return f'"{b64url(digest[:_TAG_BYTES])}"'


def matches(if_match: str, tag: str) -> bool:
    """Whether If-Match means this state: compared strongly, a weak tag never does."""
    return _named(if_match, tag, weakly=False)


def none_match(if_none_match: str, tag: str) -> bool:
    """Whether If-None-Match means this state, so that it need not be sent again: compared weakly."""
    return _named(if_none_match, tag, weakly=True)


def _named(header: str, tag: str, *, weakly: bool) -> bool:
    if header.strip() == "*":
        return True
    named = [part.strip() for part in header.split(",")]
    return tag in ([part.removeprefix(_WEAK) for part in named] if weakly else named)
