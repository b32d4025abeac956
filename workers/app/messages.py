"""Messages over HTTP: the same log, the same idempotency, the same order as over a socket."""

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from app.api import Model, PersonCall, endpoints
from app.groups import find_group
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.protocol import History, Send
from shared.replies import SendOk
from shared.search import Search, SearchOk

_ERRORS = (InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable)
_LAST_SEQ = 2**53 - 1


class HistoryQuery(Model):
    """The `limit` events before or after a seq; without either, the newest."""

    before: Annotated[int, Field(ge=1, le=_LAST_SEQ)] | None = None
    after: Annotated[int, Field(ge=0, le=_LAST_SEQ)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@endpoints.add("GET", "/groups/{group_id}/messages", auth="person", errors=_ERRORS)
async def read_messages(call: PersonCall, query: HistoryQuery) -> Response:
    """A page of the group's log, oldest first."""
    group = await find_group(call)
    asked = History(before=query.before, after=query.after, limit=query.limit)
    page = await call.ports.infra.history(group.id, call.caller.id, asked)
    return Response(page, media_type="application/json", headers={"Cache-Control": "no-store"})


@endpoints.add("POST", "/groups/{group_id}/messages", auth="person", status=201, errors=_ERRORS)
async def send_message(call: PersonCall, body: Send) -> SendOk:
    """Send a message. The same client_msg_id is the same message, whichever way it comes."""
    group = await find_group(call)
    return await call.ports.infra.send(group.id, call.caller.id, body)


@endpoints.add("GET", "/groups/{group_id}/search", auth="person", errors=_ERRORS)
async def search_messages(call: PersonCall, query: Search) -> SearchOk:
    """Messages by what they say, the newest first."""
    group = await find_group(call)
    return await call.ports.infra.search(group.id, call.caller.id, query)
