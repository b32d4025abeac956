"""The AsyncAPI 3.0 document of a group's socket, made from `shared.protocol`.

Law: the application described is the server: it receives commands and sends replies, events and ephemeral frames.
https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from collections.abc import Iterable
from typing import Any, Final

from shared import errors
from shared.errors import ParleyError
from shared.protocol import (
    BEARER_SUBPROTOCOL_PREFIX,
    COMMANDS,
    EVENT_TYPES,
    FRAME_LIMIT_BYTES,
    SUBPROTOCOL,
    Command,
)
from shared.replies import (
    AtSeq,
    Bye,
    ErrorBody,
    HelloOk,
    HistoryOk,
    MembersOk,
    Nothing,
    Presence,
    Refreshed,
    RunDelta,
    SendOk,
    TypingNow,
)
from shared.wire import Wire
from tools.schemas import Schema, components, event_components, events, gives, history_page, ref, takes, written

REPLIES: Final[dict[str, type[Wire]]] = {
    "hello": HelloOk,
    "send": SendOk,
    "edit": AtSeq,
    "delete": AtSeq,
    "react": AtSeq,
    "read": AtSeq,
    "typing": Nothing,
    "history": HistoryOk,
    "members": MembersOk,
    "runs.cancel": Nothing,
    "approve": AtSeq,
    "refresh": Refreshed,
}
EPHEMERAL: Final[dict[str, type[Wire]]] = {
    "run.delta": RunDelta,
    "typing": TypingNow,
    "presence": Presence,
    "bye": Bye,
}
# Beside those of the errors: what ends a socket without having been an error of a command.
OTHER_CLOSE_CODES: Final = {1003: "text frames only", 4501: "the protocol was broken: no hello in time"}
RECONNECT: Final = range(4000, 4500)
CHANNEL: Final = "#/channels/group"
DESCRIPTION: Final = f"""\
One durable room. JSON text frames over WebSocket, at most {FRAME_LIMIT_BYTES} bytes each.

Subprotocol `{SUBPROTOCOL}`. The routing token travels as a second subprotocol, `{BEARER_SUBPROTOCOL_PREFIX}<token>`,
or as `?token=`; never as both. The first command is `hello`, within 10 seconds.

A command is `{{"id": n, "<command>": {{…}}}}`; exactly one reply carries its `id` back. Events are durable, numbered
1, 2, 3 … and the same for everybody; frames without `seq` are ephemeral. **Several of them may share one frame as a
JSON array**: clients accept both.

Close codes 4000 to 4499 mean: come back. After 4500 to 4999, do not."""


def document(version: str) -> dict[str, Any]:
    messages = {**_commands(), **_replies(), **_sent()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley group socket",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"parley": _server()},
        "channels": {"group": _channel(messages)},
        "operations": {**_receiving(), **_sending()},
        "components": {
            "messages": messages,
            "schemas": _schemas(),
            "securitySchemes": {"routingToken": _routing_token()},
        },
    }


def _server() -> Schema:
    return {
        "host": "{host}",
        "protocol": "wss",
        "description": "The App or the Orchestrator of a deployment; locally 127.0.0.1:8787 over ws.",
        "variables": {"host": {"default": "app.parley.example"}},
        "security": [{"$ref": "#/components/securitySchemes/routingToken"}],
    }


def _routing_token() -> Schema:
    how = f"From `POST /groups/{{group_id}}/token`; preferably as the subprotocol `{BEARER_SUBPROTOCOL_PREFIX}<token>`."
    return {"type": "httpApiKey", "in": "query", "name": "token", "description": how}


def _channel(messages: Iterable[str]) -> Schema:
    query = {"type": "object", "properties": {"token": {"type": "string", "description": "The routing token."}}}
    return {
        "address": "/groups/{group_id}/ws",
        "title": "A group's socket",
        "description": DESCRIPTION,
        "parameters": {"group_id": {"description": "The group.", "examples": ["grp_01JD8Z6V5N4R3M2K1H0G9F8E7D"]}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
        "x-close-codes": close_codes(),
    }


def close_codes() -> dict[str, Schema]:
    """Every code with which the server closes, why, and whether a client should come back."""
    reasons = dict(OTHER_CLOSE_CODES)
    for error in all_errors():
        if error.close_code is not None:
            reasons.setdefault(error.close_code, error.title)
    return {str(code): {"reason": reasons[code], "reconnect": code in RECONNECT} for code in sorted(reasons)}


def all_errors() -> list[type[ParleyError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ParleyError)]


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _commands() -> dict[str, Schema]:
    return {f"{name}.command": _message(name, _framed(name, command), command) for name, command in COMMANDS.items()}


def _framed(name: str, command: type[Command]) -> Schema:
    frame_id = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "description": "Comes back in the reply."}
    return _object({"id": frame_id, name: ref(command.__name__)})


def _replies() -> dict[str, Schema]:
    return {f"{name}.reply": _message(name, _reply(model), model) for name, model in REPLIES.items()}


def _reply(model: type[Wire]) -> Schema:
    done = _object({"id": {"type": "integer"}, "ok": ref(model.__name__)})
    nobody = "Null when the frame's id could not be read."
    failed = _object({"id": {"type": ["integer", "null"], "description": nobody}, "error": ref("ErrorBody")})
    return {"oneOf": [done, failed]}


def _sent() -> dict[str, Schema]:
    durable = {
        f"{name}.event": {"title": name, "summary": f"Durable event `{name}`.", "payload": ref(name)}
        for name in EVENT_TYPES.values()
    }
    ephemeral = {f"{name}.now": _message(name, ref(model.__name__), model) for name, model in EPHEMERAL.items()}
    return {**durable, **ephemeral, "joined": _joined()}


def _joined() -> Schema:
    one = {"oneOf": [ref("Event"), *(ref(model.__name__) for model in EPHEMERAL.values())]}
    text = "What piled up under load, in one frame: the same as its items one by one, in this order."
    return {"title": "joined", "summary": text, "payload": {"type": "array", "items": one, "minItems": 1}}


def _message(name: str, payload: Schema, model: type[Wire]) -> Schema:
    own = model.__doc__ if "__doc__" in vars(model) else None
    summary = {"summary": " ".join(own.split("\n\n")[0].split())} if own else {}
    return {"title": name, "payload": payload, **summary}


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _receiving() -> dict[str, Schema]:
    return {
        f"receive.{name}": {
            "action": "receive",
            "channel": {"$ref": CHANNEL},
            "messages": [{"$ref": f"{CHANNEL}/messages/{name}.command"}],
            "reply": {"channel": {"$ref": CHANNEL}, "messages": [{"$ref": f"{CHANNEL}/messages/{name}.reply"}]},
        }
        for name in COMMANDS
    }


def _sending() -> dict[str, Schema]:
    groups = {
        "send.events": [f"{name}.event" for name in EVENT_TYPES.values()],
        "send.ephemeral": [f"{name}.now" for name in EPHEMERAL],
        "send.joined": ["joined"],
    }
    return {
        operation: {
            "action": "send",
            "channel": {"$ref": CHANNEL},
            "messages": [{"$ref": f"{CHANNEL}/messages/{name}"} for name in names],
        }
        for operation, names in groups.items()
    }


# ── schemas ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _schemas() -> dict[str, Schema]:
    read = components(takes(*COMMANDS.values()))
    defs = components({**gives(*REPLIES.values(), *EPHEMERAL.values(), ErrorBody), **events()})
    shown = {name: schema if name in read else written(schema) for name, schema in defs.items()}
    return {**read, **shown, "HistoryOk": history_page(shown["HistoryOk"]), **event_components(defs)}
