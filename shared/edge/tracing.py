"""Entering a trace where the runtime calls a Durable Object or the sockets' door: no application stands between."""

from typing import Any

from shared.edge.crypto import make_id
from shared.log import Field, Log
from shared.trace import TRACE_HEADER, enter


def header_of(request: Any) -> str | None:
    """What a JavaScript Request says of its trace."""
    found = request.headers.get(TRACE_HEADER)
    return found if isinstance(found, str) else None


def arrived(log: Log, header: str | None, event: str, **fields: Field) -> None:
    """Goes on with the caller's trace, whose header may be missing, and says so in the log."""
    enter(header, make_id("req"))
    log(event, **fields)
