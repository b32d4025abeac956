"""What agents used, as a group reports it to the directory.

Law: totals of a day (UTC), never differences, so that a report may come twice, late or in another order.
"""

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.ids import AgentId

USAGE_ROWS_LIMIT: Final = 100
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class UsedOnDay(BaseModel):
    """Everything one agent used in one group on one day so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    agent_id: AgentId
    runs: Count
    requests: Count
    input_tokens: Count
    output_tokens: Count
    tool_calls: Count
