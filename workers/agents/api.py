"""The Agents API: run one agent turn for a Group Controller.

Law: a turn runs only for the session whose certificate names this agent and this group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from agents.recordings import Recordings, last_event
from agents.run import Stage, turn
from shared.agent_api import AgentRunRequest, RunEvent
from shared.clock import Clock, seconds
from shared.errors import BadRequest, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.http import Authenticate, Call, Endpoints, anyone, signed_request
from shared.log import Log
from shared.signing import KeySource, Verifier
from shared.streaming import Closing, gathered
from shared.tokens import ORCHESTRATOR, SessionClaims

REQUEST_LIMIT_BYTES: Final = 8 * 1024 * 1024
GATHER_S: Final = 0.04
"""How long words are gathered before they go on, so that a fast model costs a few frames in each Worker and not one a
word. The first goes on at once.
"""
_NO_STORE: Final = {"Cache-Control": "no-store"}
endpoints: Final = Endpoints()


@dataclass(frozen=True)
class AgentsPorts:
    verifier: Verifier
    issuer_keys: KeySource
    stage: Stage
    recordings: Recordings
    clock: Clock
    log: Log


RunCall = Call[SessionClaims, AgentsPorts]


class Health(BaseModel):
    status: str


async def session(request: Request, raw: bytes, ports: AgentsPorts) -> SessionClaims:
    """The Group Controller's certificate and signature."""
    now_s = seconds(ports.clock())
    return await ports.verifier.session_request(signed_request(request, raw), ports.issuer_keys, ORCHESTRATOR, now_s)


authenticate: Final[Mapping[str, Authenticate]] = {"session": session, "anyone": anyone}


@endpoints.add("GET", "/healthz", auth="anyone")
async def healthz(call: Call[None, AgentsPorts]) -> Health:
    """Whether this Worker answers."""
    del call
    return Health(status="ok")


@endpoints.add(
    "POST",
    "/agents/run",
    auth="session",
    media_type="application/x-ndjson",
    errors=(InvalidCredential, Forbidden, InvalidBody, Unavailable),
    limit_bytes=REQUEST_LIMIT_BYTES,
)
async def run(call: RunCall, body: AgentRunRequest) -> Response:
    """Run one turn; the events come one a line, the last one is a result, a wish for tools, or an error."""
    _check(call.caller, body)
    # An empty line is what a reader of lines skips.
    lines = gathered(turn(body, call.ports.stage), lines_of, "\n", gather_s=GATHER_S)
    return Closing(lines, media_type="application/x-ndjson", headers=_NO_STORE)


@endpoints.add(
    "POST",
    "/agents/run-stream",
    auth="session",
    media_type="text/event-stream",
    errors=(BadRequest, InvalidCredential, Forbidden, NotFound, InvalidBody, Unavailable),
    limit_bytes=REQUEST_LIMIT_BYTES,
)
async def run_stream(call: RunCall, body: AgentRunRequest) -> Response:
    """Run one turn; the same events as server-sent events, which `Last-Event-ID` resumes for ten minutes."""
    _check(call.caller, body)
    after = last_event(call.request.headers.get("last-event-id"), body.context.run_id)
    return Closing(await call.ports.recordings.open(body, after), media_type="text/event-stream", headers=_NO_STORE)


def _check(session: SessionClaims, body: AgentRunRequest) -> None:
    if body.context.agent.id != body.agent_id:
        raise InvalidBody("context.agent is not agent_id")
    if body.context.group_id != session.gid:
        raise Forbidden("The certificate is another group's")
    if body.agent_id not in session.agents:
        raise Forbidden("The certificate does not name this agent")


def lines_of(events: Sequence[RunEvent]) -> str:
    """One event a line."""
    return "".join(event.model_dump_json() + "\n" for event in events)
