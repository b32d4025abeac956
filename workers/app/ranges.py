"""Parts of a download (RFC 9110 §14): which bytes a request wants of an object.

Law: pure. A header that cannot be understood, or asks for several parts at once, is as if it were not there.
"""

import re
from dataclasses import dataclass
from typing import Final

_ONE_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*", re.IGNORECASE)


@dataclass(frozen=True)
class Slice:
    """These bytes; `whole` when nothing less was asked for."""

    start: int
    length: int
    whole: bool = False


class NotSatisfiable(Exception):
    """The range begins behind the end."""


def wanted(range_header: str | None, if_range: str | None, etag: str, size: int) -> Slice:
    """What to send of `size` bytes under `etag` (in quotes). Raises NotSatisfiable."""
    whole = Slice(0, size, whole=True)
    found = _ONE_RANGE.fullmatch(range_header.strip()) if range_header else None
    # If-Range takes a strong comparison: a weak tag, a date or another version means the whole (RFC 9110 §13.1.5).
    if found is None or (if_range is not None and if_range.strip() != etag):
        return whole
    first, last = found.groups()
    if not first:
        return whole if not last else _suffix(int(last), size)
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return whole
    if start >= size:
        raise NotSatisfiable
    return Slice(start, end - start + 1)


def _suffix(length: int, size: int) -> Slice:
    if length == 0 or size == 0:
        raise NotSatisfiable
    return Slice(max(size - length, 0), min(length, size))


def unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has this version already (weak comparison, RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in known or etag in known
