"""Identifiers: a prefix that says what it is, and a ULID that sorts by time of birth.

Law: ids are made here and nowhere else; time and entropy are arguments.
ULID: https://github.com/ulid/spec (48 bits of milliseconds, 80 of randomness, Crockford base 32).
"""

import re
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import StringConstraints

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_PATTERN: Final = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
_RANDOM_BYTES: Final = 10


def _pattern(prefix: str) -> str:
    return f"^{prefix}_{_ULID_PATTERN}$"


OrgId = Annotated[str, StringConstraints(pattern=_pattern("org"))]
UserId = Annotated[str, StringConstraints(pattern=_pattern("usr"))]
AgentId = Annotated[str, StringConstraints(pattern=_pattern("agt"))]
GroupId = Annotated[str, StringConstraints(pattern=_pattern("grp"))]
RunId = Annotated[str, StringConstraints(pattern=_pattern("run"))]


def is_id(prefix: str, text: str) -> bool:
    """Whether `text` has the form of an id of `prefix`: only then may it stand in a log."""
    return re.fullmatch(_pattern(prefix), text) is not None


MakeId = Callable[[str], str]
"""Gives a fresh id for a prefix: `make_id("grp")` → `grp_01JD…`."""


def new_id(prefix: str, now_ms: int, random_bytes: bytes) -> str:
    """An id of `prefix`, born at `now_ms` (Unix milliseconds), unique by 10 random bytes."""
    if len(random_bytes) != _RANDOM_BYTES:
        raise ValueError(f"an id takes {_RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    number = (now_ms << 80) | int.from_bytes(random_bytes)
    return f"{prefix}_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def id_maker(now_ms: Callable[[], int], random_bytes: Callable[[int], bytes]) -> MakeId:
    """A maker of ids from a clock and a source of entropy."""
    return lambda prefix: new_id(prefix, now_ms(), random_bytes(_RANDOM_BYTES))
