"""Structured logs: one JSON object a line.

Law: never a credential, a key, a query string or what people say. Who logs passes names, ids, sizes and codes.
"""

import json
from collections.abc import Callable

from shared.clock import Clock, rfc3339
from shared.trace import current

Field = str | int | float | bool | None


def whereabouts(exc: BaseException) -> str:
    """What was raised and where, for the log: an exception's own text may repeat what somebody sent."""
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(exc).__name__}{place}"


class Log:
    def __init__(self, write: Callable[[str], None], clock: Clock, worker: str) -> None:
        self._write = write
        self._clock = clock
        self._worker = worker

    def __call__(self, event: str, **fields: Field) -> None:
        """One line, with the trace that it belongs to."""
        line: dict[str, Field] = {"time": rfc3339(self._clock()), "worker": self._worker, "event": event}
        trace = current()
        if trace is not None:
            line |= {"trace_id": trace.trace_id, "span_id": trace.span_id, "parent_id": trace.parent_id}
        line |= fields
        self._write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
