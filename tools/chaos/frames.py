"""Taking frames apart without touching a byte of what is in them.

Law: pure. A parsed event that is written again is another text; here every piece is a slice of what came.
"""

import json
from typing import Any, Final

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = (" ", "\t", "\r", "\n")


def pieces(frame: str) -> list[tuple[str, dict[str, Any]]]:
    """The object in a frame, or those in its array: each as it was written, and parsed. Raises ValueError."""
    if not frame.startswith("["):
        return [_piece(frame, 0)]
    return elements(frame, 0)


def elements(text: str, at: int) -> list[tuple[str, dict[str, Any]]]:
    """The objects of the array that begins at `at`. Raises ValueError."""
    found: list[tuple[str, dict[str, Any]]] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        found.append(_piece(text, at))
        at = _skip(text, at + len(found[-1][0]))
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
    return found


def page_events(page: str) -> list[str]:
    """The events of a page of history, as they were written. Raises ValueError."""
    return [text for text, _ in elements(page, page.index("[", page.index('"events":')))]


def _piece(text: str, at: int) -> tuple[str, dict[str, Any]]:
    value, end = _DECODER.raw_decode(text, at)
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {text[at:end]}")  # noqa: TRY004 -- of a text, not of an argument
    return text[at:end], value


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE:
        at += 1
    return at
