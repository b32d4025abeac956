"""The tools that a group answers itself: who is here, and what was said.

Law: with the rights of the person behind the run, and never more than the agent's own. A bad call is answered in words
that the model can act on; it never breaks the run.
"""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

from durable_objects.room import Room
from durable_objects.run_journal import Run
from durable_objects.search import best
from shared.agent_api import ToolCall
from shared.errors import InvalidBody
from shared.search import SEARCH_LIMIT_CHARS
from shared.strict_json import strict_object
from shared.wire import Wire


class HistorySearch(Wire):
    """The arguments of `search_history`."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=SEARCH_LIMIT_CHARS)]
    limit: Annotated[int, Field(ge=1, le=20)] = 8


class GroupTools:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._tools: Final[Mapping[str, Callable[[Run, dict[str, object]], object]]] = {
            "get_members": self._members,
            "search_history": self._search,
        }

    def answer(self, run: Run, call: ToolCall) -> str:
        """The result as text: JSON, or an error in words."""
        agent = self._room.agents.get(run.agent_id)
        if run.requested_by not in self._room.members:
            return _error("The person who asked has left the group")
        tool = self._tools.get(call.tool_name)
        if tool is None or agent is None or call.tool_name not in agent.tools:
            return _error("There is no such tool for you")
        try:
            return json.dumps(tool(run, strict_object(call.args)), ensure_ascii=False)
        except (ValueError, ValidationError, RecursionError, InvalidBody):
            return _error("The arguments do not fit the tool")

    def _members(self, run: Run, arguments: dict[str, object]) -> object:
        del run
        if arguments:
            raise ValueError("get_members takes none")
        people = [{"id": m.id, "kind": "user", "name": m.name, "role": m.role} for m in self._room.members.values()]
        agents = [{"id": a.id, "kind": "agent", "name": a.name, "handle": a.handle} for a in self._room.agent_list()]
        return [*people, *agents]

    def _search(self, run: Run, arguments: dict[str, object]) -> object:
        """What matches best, the best first."""
        asked = HistorySearch.model_validate(arguments)
        hits = best(self._room, (run.agent_id, run.requested_by), asked.query, asked.limit)
        return [
            {"seq": hit.seq, "ts": hit.ts, "sender": hit.actor.model_dump(), "text": hit.text}
            for hit in hits
            if hit.seq != run.trigger
        ]


def _error(message: str) -> str:
    return json.dumps({"error": message})
