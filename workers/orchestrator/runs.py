"""Reading one run of a group while it goes on.

Law: internal, for the App, which knows who asks; the group decides whether they may.
"""

from typing import Annotated

from pydantic import Field
from starlette.responses import StreamingResponse

from orchestrator.api import AppCall, InternalModel, endpoints
from shared.errors import Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.ids import UserId, is_id


class RunRequest(InternalModel):
    """`offset`: how much of the text is known already, in code points."""

    user_id: UserId
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/runs/{run_id}/frames",
    auth="app",
    media_type="application/x-ndjson",
    errors=(InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable),
)
async def read_run(call: AppCall, body: RunRequest) -> StreamingResponse:
    """The frames of one run, one a line: what there is at once, and the rest as it comes, until the run is over."""
    group_id, run_id = call.path["group_id"], call.path["run_id"]
    if not is_id("run", run_id) or await call.ports.store.group(group_id) is None:
        raise NotFound
    frames = await call.ports.controllers.read_run(group_id, body.user_id, run_id, body.offset)
    return StreamingResponse(frames, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})
