"""What groups report of their agents' use: totals a day, which the directory keeps."""

from typing import Annotated

from pydantic import Field

from orchestrator.api import InternalModel as Model
from orchestrator.api import Status, endpoints, own_group
from orchestrator.ports import OrchestratorPorts
from shared.errors import Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.http import Call
from shared.ids import GroupId
from shared.tokens import SessionClaims
from shared.usage import USAGE_ROWS_LIMIT, UsedOnDay


class UsageReport(Model):
    group_id: GroupId
    used: Annotated[tuple[UsedOnDay, ...], Field(min_length=1, max_length=USAGE_ROWS_LIMIT)]


@endpoints.add(
    "POST", "/infra/usage", auth="session", errors=(InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable)
)
async def report_usage(call: Call[SessionClaims, OrchestratorPorts], body: UsageReport) -> Status:
    """A Group Controller reports what its agents used, in totals; saying so twice is the same as once."""
    await call.ports.store.set_usage(await own_group(call, body.group_id), body.used)
    return Status()
