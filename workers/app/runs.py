"""One run as a stream, in the words of front ends that exist: AG-UI and the Vercel AI SDK."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final, Literal

from starlette.responses import Response

from app.api import Model, PersonCall, endpoints
from app.groups import find_group
from app.projections import ENDED, NOWHERE, MakeProjection, Place, Telling
from app.projections.ag_ui import AgUi
from app.projections.ai_sdk import AiSdk
from shared.errors import BadRequest, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.ids import is_id
from shared.streaming import Closing, with_heartbeat

BEAT_S: Final = 15.0
_COMMENT: Final = ":\n\n"
_NOTHING_MORE: Final = 204
_WORDS: Final[dict[str, MakeProjection]] = {"ag-ui": AgUi, "ai-sdk": AiSdk}


class RunStreamQuery(Model):
    """`format`: whose words."""

    format: Literal["ag-ui", "ai-sdk"] = "ag-ui"


@endpoints.add(
    "GET",
    "/groups/{group_id}/runs/{run_id}/stream",
    auth="person",
    media_type="text/event-stream",
    errors=(InvalidCredential, BadRequest, Forbidden, NotFound, InvalidBody, Unavailable),
)
async def stream_run(call: PersonCall, query: RunStreamQuery) -> Response:
    """One run as server-sent events, from its beginning or from behind `Last-Event-ID`, to its end.

    A run that is over is told at once; behind its last event there is nothing, and the answer is 204.
    """
    group, run_id = await find_group(call), call.path["run_id"]
    if not is_id("run", run_id):
        raise NotFound
    last = call.request.headers.get("last-event-id")
    known = NOWHERE if last is None else Place.of(last, run_id)
    if known.stage == ENDED:
        return Response(status_code=_NOTHING_MORE)
    projection = _WORDS[query.format](group.id)
    frames = await call.ports.infra.read_run(group.id, call.caller.id, run_id, known.offset)
    events = with_heartbeat(_told(frames, Telling(projection, known)), _COMMENT, BEAT_S)
    headers = {"Cache-Control": "no-store", **projection.headers}
    return Closing(events, media_type="text/event-stream", headers=headers)


async def _told(pieces: AsyncIterator[bytes], telling: Telling) -> AsyncGenerator[str]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            for event in telling.feed(json.loads(line)):
                yield event
