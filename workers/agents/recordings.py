"""Runs that can be resumed: what `/agents/run-stream` needs of the place where their events are kept.

Law: types and the reading of `Last-Event-ID`. A tape belongs to one group, one run and one request; the same request
again is the same run, so asking twice never asks a model twice.
"""

import hashlib
import re
from collections.abc import AsyncGenerator
from typing import Final, Protocol

from shared.agent_api import AgentRunRequest
from shared.errors import BadRequest

_EVENT_ID: Final = re.compile(r"(run_[0-9A-Z]{26}):([1-9]\d{0,8})")


class Recordings(Protocol):
    async def open(self, request: AgentRunRequest, after: int) -> AsyncGenerator[bytes]:
        """The server-sent events of a run after number `after`; 0 begins the run when it has not begun.

        Raises NotFound when nothing with that number is kept, Unavailable when the place cannot be reached.
        """
        ...


def tape_name(request: AgentRunRequest) -> str:
    context = request.context
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    return f"{context.group_id}/{context.run_id}/{digest}"


def last_event(header: str | None, run_id: str) -> int:
    """The number in `Last-Event-ID` (`<run_id>:<number>`), 0 without one. Raises BadRequest for another run's."""
    if not header:
        return 0
    match = _EVENT_ID.fullmatch(header)
    if match is None or match[1] != run_id:
        raise BadRequest("Last-Event-ID is not one of this run")
    return int(match[2])
