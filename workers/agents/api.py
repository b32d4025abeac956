"""The Agents API: run one agent turn for a Group Controller.

Law: a turn runs only for the session whose certificate names this agent and this group.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from agents.providers import Providers
from agents.run import turn
from shared.agent_api import AgentRunRequest, RunEvent
from shared.clock import Clock, seconds
from shared.errors import Forbidden, InvalidBody, InvalidCredential, Unavailable
from shared.http import Authenticate, Call, Endpoints, anyone, signed_request
from shared.log import Log
from shared.signing import KeySource, Verifier
from shared.streaming import Closing, with_heartbeat
from shared.tokens import ORCHESTRATOR, SessionClaims

REQUEST_LIMIT_BYTES: Final = 8 * 1024 * 1024
endpoints: Final = Endpoints()


@dataclass(frozen=True)
class AgentsPorts:
    verifier: Verifier
    issuer_keys: KeySource
    providers: Providers
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
    """Run one turn; the events come one a line, the last one is an AgentRunResult or an error."""
    _check(call.caller, body)
    return _stream(call.ports, body, "application/x-ndjson", _line, "\n")


@endpoints.add(
    "POST",
    "/agents/run-stream",
    auth="session",
    media_type="text/event-stream",
    errors=(InvalidCredential, Forbidden, InvalidBody, Unavailable),
    limit_bytes=REQUEST_LIMIT_BYTES,
)
async def run_stream(call: RunCall, body: AgentRunRequest) -> Response:
    """Run one turn; the same events as server-sent events."""
    _check(call.caller, body)
    return _stream(call.ports, body, "text/event-stream", _server_sent(body.context.run_id), ":\n\n")


def _check(session: SessionClaims, body: AgentRunRequest) -> None:
    if body.context.agent.id != body.agent_id:
        raise InvalidBody("context.agent is not agent_id")
    if body.context.group_id != session.gid:
        raise Forbidden("The certificate is another group's")
    if body.agent_id not in session.agents:
        raise Forbidden("The certificate does not name this agent")


def _stream(
    ports: AgentsPorts, body: AgentRunRequest, media_type: str, encode: Callable[[RunEvent], str], beat: str
) -> Response:
    """`beat` is what a reader of this media type skips: an empty line, a comment."""

    async def encoded() -> AsyncGenerator[str]:
        async with aclosing(turn(body, ports.providers, ports.log)) as events:
            async for event in events:
                yield encode(event)

    return Closing(with_heartbeat(encoded(), beat), media_type=media_type, headers={"Cache-Control": "no-store"})


def _line(event: RunEvent) -> str:
    return event.model_dump_json() + "\n"


def _server_sent(run_id: str) -> Callable[[RunEvent], str]:
    """`id` is the run and the number of the event in it."""
    offset = 0

    def encode(event: RunEvent) -> str:
        nonlocal offset
        offset += 1
        return f"event: {event.event_kind}\nid: {run_id}:{offset}\ndata: {event.model_dump_json()}\n\n"

    return encode
