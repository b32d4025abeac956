"""Which lines of the logs belong together, across all Workers: W3C Trace Context (Recommendation, 2021-11-23).

Law: for people who read logs, and for nothing else. A trace proves nothing, decides nothing, and is part of no event:
those are kept for years and hashed, logs for days, and run ids and seqs lead from one to the other.
"""

import hashlib
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Self

TRACE_HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,64})?", re.ASCII)
_UNKNOWN_VERSION: Final = "ff"
_SAMPLED: Final = "01"


@dataclass(frozen=True)
class Trace:
    """One hop of a trace: the whole, this part of it, and the part that asked for it."""

    trace_id: str
    span_id: str
    parent_id: str | None
    flags: str

    @classmethod
    def entered(cls, header: str | None, seed: str) -> Self:
        """The next hop of the trace that a caller names; of a new one when it names none in good form.

        `seed` is a text that nobody else has, such as a request's id.
        """
        drawn = hashlib.sha256(seed.encode()).hexdigest()
        trace_id, parent_id, flags = _parsed(header) or (drawn[16:48], None, _SAMPLED)
        return cls(trace_id, drawn[:16], parent_id, flags)

    @property
    def header(self) -> str:
        """What tells the next Worker."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """The trace of what runs now. Every task has its own, and the tasks it starts go on with it."""
    return _current.get()


def enter(header: str | None, seed: str) -> Trace:
    """From here on, this task belongs to the trace that `header` names, else to the one it is in, else to a new one."""
    here = current()
    trace = Trace.entered(header or (here.header if here else None), seed)
    _current.set(trace)
    return trace


def leave() -> None:
    """What this task does from here on belongs to no trace."""
    _current.set(None)


def headers() -> dict[str, str]:
    """What a call to another Worker is to carry."""
    trace = current()
    return {TRACE_HEADER: trace.header} if trace is not None else {}


def _parsed(header: str | None) -> tuple[str, str, str] | None:
    form = _FORM.fullmatch(header or "")
    if form is None:
        return None
    version, trace_id, parent_id, flags, more = form.groups()
    if version == _UNKNOWN_VERSION or (version == "00" and more) or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    return trace_id, parent_id, flags
