"""The tools that a group answers itself: who is here, and what was said.

Law: with the rights of the person behind the run, and never more than the agent's own. A bad call is answered in words
that the model can act on; it never breaks the run.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError

from durable_objects.room import Room
from durable_objects.run_journal import Run
from shared.agent_api import ToolCall
from shared.strict_json import strict_object


class GroupTools:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._tools: Final[Mapping[str, Callable[[Run, dict[str, object]], object]]] = {"get_members": self._members}

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
        except (ValueError, ValidationError, RecursionError):
            return _error("The arguments do not fit the tool")

    def _members(self, run: Run, arguments: dict[str, object]) -> object:
        del run
        if arguments:
            raise ValueError("get_members takes none")
        people = [{"id": m.id, "kind": "user", "name": m.name, "role": m.role} for m in self._room.members.values()]
        agents = [{"id": a.id, "kind": "agent", "name": a.name, "handle": a.handle} for a in self._room.agent_list()]
        return [*people, *agents]


def _error(message: str) -> str:
    return json.dumps({"error": message})
