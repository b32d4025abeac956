"""Writes `docs/api/`: the three OpenAPI documents, the AsyncAPI document and the listing of the wire.

Law: everything is generated from the tables and models that serve; here is only what those cannot know: where a Worker
stands, how its callers prove themselves, and what is in the answers that a handler gives as raw bytes.
"""

import json
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

import agents.api
import app.routes
import orchestrator.routes
from app.health import VERSION
from durable_objects.archive import Manifest
from shared.agent_api import RunEvent
from shared.checkup import Checkup
from shared.errors import AmbiguousCredential, Conflict, Forbidden, InvalidCredential, UpgradeRequired
from shared.http import Call, Endpoints
from shared.keys import KeySet
from shared.protocol import BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL
from shared.replies import HistoryOk
from tools import asyncapi, openapi, wire_text
from tools.console import out
from tools.openapi import EXAMPLE_IDS, Answer, Service
from tools.schemas import Schema, Wanted, events, gives, ref

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = Path("docs") / "api"

SCHEMES: Final[dict[str, Schema]] = {
    "personBearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "prl_…",
        "description": "A person's token, from `POST /people/{user_id}/tokens`.",
    },
    "operatorBearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The operator token of this deployment; it makes orgs and nothing else.",
    },
    "requestSignature": {
        "type": "http",
        "scheme": "GroupSig",
        "description": "`Authorization: GroupSig <JWS>`, typ `gc-req+jwt`, ES256: commits to method, absolute target, "
        "Content-Digest and a number used once, for at most 60 seconds.",
    },
    "sessionCertificate": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Session-Cert",
        "description": "The Group Controller's certificate, typ `gc-session+jwt`, signed by the Orchestrator; the "
        "request is signed with the key it names (`cnf.jwk`), and names it by `ath`.",
    },
    "routingToken": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "A routing token, typ `gc-routing+jwt`: one person's way into one group for a minute.",
    },
    "routingSubprotocol": {
        "type": "apiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": f"The same token as `{SUBPROTOCOL}, {BEARER_SUBPROTOCOL_PREFIX}<token>`; preferred, since "
        "addresses end up in logs.",
    },
}
SIGNED_BY_APP: Final = (("requestSignature",),)
SIGNED_BY_SESSION: Final = (("requestSignature", "sessionCertificate"),)
SOCKET: Final = (("routingSubprotocol",), ("routingToken",))

# ── what a table does not say ───────────────────────────────────────────────────────────────────────────────────────

HISTORY: Final = Answer(ref("HistoryOk"), models={**gives(HistoryOk), **events()})
JWKS: Final = Answer(ref("KeySet"), "application/jwk-set+json", gives(KeySet))
RUN_EVENTS: Final[dict[str, Wanted]] = {"gives RunEvent": (RunEvent, "serialization")}
_upgrades: Final = Endpoints()


@_upgrades.add(
    "GET",
    "/groups/{group_id}/ws",
    auth="routing",
    status=101,
    errors=(InvalidCredential, AmbiguousCredential, Forbidden, Conflict, UpgradeRequired),
)
async def connect(call: Call[None, None]) -> Response:
    """Open a socket to a group: the token is verified, and the upgrade passed on to the group's controller."""
    raise NotImplementedError(call.path)


def _stream(about: str) -> Schema:
    return {"type": "string", "description": about, "x-item-schema": ref("RunEvent")}


def services() -> dict[str, Service]:
    """The Workers' APIs by the names of their documents."""
    return {"app": _app(), "orchestrator": _orchestrator(), "agents": _agents()}


def _app() -> Service:
    jwks = next(row for row in orchestrator.routes.endpoints.rows if row.handler.__name__ == "jwks")
    return Service(
        title="Parley App API",
        description="Group chat for people and AI agents: orgs, people, agents, groups, messages, archives.",
        origin="https://app.parley.example",
        endpoints=(*app.routes.endpoints.rows, *_upgrades.rows, jwks),
        version=VERSION,
        limited=frozenset({"person"}),
        keyed=True,
        schemes=_schemes("personBearer", "operatorBearer", "routingToken", "routingSubprotocol"),
        security={
            "person": (("personBearer",),),
            "operator": (("operatorBearer",),),
            "anyone": (),
            "routing": SOCKET,
        },
        answers={
            "read_messages": HISTORY,
            "deep_healthz": Answer(ref("Checkup"), models=gives(Checkup)),
            "read_manifest": Answer(ref("Manifest"), models=gives(Manifest)),
            "download_archive": Answer(
                {"description": "gzip; one event a line.", "contentMediaType": "application/gzip"}
            ),
            "export_messages": Answer(
                {"type": "string", "description": "One message a line, `{group_id, message}`; the last sums up."}
            ),
            "stream_run": Answer(
                {
                    "type": "object",
                    "description": "A server-sent event: `id` is its place in the run.",
                    "properties": {"data": {"type": "string"}, "id": {"type": "string"}},
                    "required": ["data"],
                }
            ),
            "jwks": JWKS,
        },
        examples={
            "create_org": {"name": "Acme", "owner_name": "Ada"},
            "create_person": {"name": "Grace", "role": "member"},
            "create_token": {"label": "laptop", "expires_in_days": 90},
            "create_agent": {"handle": "scribe", "name": "Scribe", "provider": "builtin", "model": "scribe"},
            "create_group": {
                "org_id": EXAMPLE_IDS["org_id"],
                "title": "Launch",
                "is_private": True,
                "agent_ids": [EXAMPLE_IDS["agent_id"]],
            },
            "change_agent": {"name": "Clerk", "instructions": "Be brief."},
            "change_person": {"name": "Grace Hopper"},
            "change_org": {"name": "Acme & Sons"},
            "change_group": {"title": "Launch, at last"},
            "change_role": {"role": "owner"},
            "add_member": {"user_id": EXAMPLE_IDS["user_id"], "role": "member"},
            "add_agent": {"agent_id": EXAMPLE_IDS["agent_id"]},
            "send_message": {"client_msg_id": "7f3a", "text": "@scribe, where do we stand?"},
            "archive_group": {"reason": "the launch is over"},
        },
    )


def _orchestrator() -> Service:
    who = {"group_id": EXAMPLE_IDS["group_id"], "user_id": EXAMPLE_IDS["user_id"]}
    return Service(
        title="Parley Orchestrator API",
        description="Internal: the chain of trust and the life of groups. Only the socket and the key set are public.",
        origin="https://orchestrator.parley.example",
        endpoints=(*orchestrator.routes.endpoints.rows, *_upgrades.rows),
        version=VERSION,
        schemes=_schemes(*(name for name in SCHEMES if name != "operatorBearer")),
        security={
            "app": SIGNED_BY_APP,
            "session": SIGNED_BY_SESSION,
            "lapsed_session": SIGNED_BY_SESSION,
            "app_or_bearer": (*SIGNED_BY_APP, ("personBearer",)),
            "anyone": (),
            "routing": SOCKET,
        },
        answers={
            "read_history": HISTORY,
            "jwks": JWKS,
            "read_run": Answer({"type": "string", "description": "One frame a line; `run.finished` is the last."}),
        },
        examples={
            "initialise_group": {**who, "org_id": EXAMPLE_IDS["org_id"]},
            "routing_token": who,
            "cleanup": {"group_id": EXAMPLE_IDS["group_id"], "reason": "archived"},
        },
    )


def _agents() -> Service:
    return Service(
        title="Parley Agents API",
        description="Internal: one agent turn at a time, for the Group Controller whose certificate names the agent.",
        origin="https://agents.parley.example",
        endpoints=agents.api.endpoints.rows,
        version=VERSION,
        schemes=_schemes("requestSignature", "sessionCertificate"),
        security={"session": SIGNED_BY_SESSION, "anyone": ()},
        answers={
            "run": Answer(
                _stream("One event a line; the last is `agent_run_result` or `run_error`."), models=RUN_EVENTS
            ),
            "run_stream": Answer(
                _stream("`event:` is the event's kind, `id:` is `<run_id>:<number>`, `data:` the event."),
                models=RUN_EVENTS,
            ),
        },
    )


def _schemes(*names: str) -> dict[str, Schema]:
    return {name: SCHEMES[name] for name in names}


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def generate() -> dict[str, str]:
    """Every document by its file's name."""
    texts = {f"{name}.openapi.json": _json(openapi.document(service)) for name, service in services().items()}
    return {**texts, "asyncapi.json": _json(asyncapi.document(VERSION)), "wire.txt": wire_text.listing()}


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    write({FOLDER / name: text for name, text in generate().items()})


def write(documents: dict[Path, str]) -> None:
    """Those that have changed, by their paths in the checkout."""
    for path, text in documents.items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            out.print(f"  [green]✓[/green] {path}")
