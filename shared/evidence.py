"""What a caller proved themselves with, for the line of the log about their request.

Law: names and digests, never a credential. Whoever verifies notes here what they saw; it decides nothing.
"""

import hashlib
from contextvars import ContextVar
from typing import Final

_JTI_CHARS: Final = 16
_noted: ContextVar[dict[str, str] | None] = ContextVar("evidence", default=None)


def begin() -> None:
    """Nothing is known of this request yet. What is noted from here on, in this task, is about it."""
    _noted.set({})


def note(**seen: str | None) -> None:
    """`jti` is told by the beginning of its SHA-256: it finds the same one again, and is of no use to anybody."""
    noted = _noted.get()
    if noted is not None:
        noted |= {name: _told(name, value) for name, value in seen.items() if value is not None}


def noted() -> dict[str, str]:
    return _noted.get() or {}


def _told(name: str, value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:_JTI_CHARS] if name == "jti" else value
