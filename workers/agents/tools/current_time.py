"""The tool `current_time`: a model does not know what day it is."""

from datetime import UTC, datetime

from agents.tools.tool import Tool, make_tool
from shared.clock import Clock, rfc3339


def current_time_tool(clock: Clock) -> Tool:
    def current_time() -> dict[str, str]:
        """The time now (UTC) and the day of the week."""
        now_ms = clock()
        return {"now": rfc3339(now_ms), "weekday": f"{datetime.fromtimestamp(now_ms / 1000, UTC):%A}"}

    return make_tool(current_time)
