"""The wire as a text that a reviewer reads at a glance: every command, reply and event, their members and types.

Law: a change of this text is a change of the protocol; it is committed on purpose or not at all.
"""

import json
from typing import Final

from shared.protocol import COMMANDS, EVENT_TYPES, SUBPROTOCOL
from tools.asyncapi import EPHEMERAL, REPLIES, close_codes, document
from tools.schemas import NULL, Schema

_INDENT: Final = "    "


def listing() -> str:
    schemas = document("")["components"]["schemas"]
    named = [model.__name__ for model in (*COMMANDS.values(), *EVENT_TYPES, *EPHEMERAL.values())]
    rest = sorted({name for name in schemas if name not in named and name != "Event" and "." not in name})
    blocks = [
        [f"{SUBPROTOCOL}: what goes over a group's socket. `name?` may be left out."],
        ['commands: {"id": n, "<command>": {...}}'],
        *(_block(name, schemas[command.__name__]) for name, command in COMMANDS.items()),
        ['replies: {"id": n, "ok": {...}} or {"id": n | null, "error": ErrorBody}'],
        [f"{name} -> {model.__name__}" for name, model in REPLIES.items()],
        ["events: durable, numbered; one a frame, or several as an array"],
        _block("(every event)", _envelope(schemas)),
        *(_block(name, schemas[model.__name__]) for model, name in EVENT_TYPES.items()),
        ["ephemeral frames"],
        *(_block(name, schemas[model.__name__]) for name, model in EPHEMERAL.items()),
        ["shapes"],
        *(_block(name, schemas[name]) for name in rest),
        ["close codes"],
        [f"{code}{' (reconnect)' if row['reconnect'] else ''} {row['reason']}" for code, row in close_codes().items()],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _envelope(schemas: dict[str, Schema]) -> Schema:
    members: Schema = schemas["message.created"]
    own = {"type": {"type": "string"}, "data": {"type": "object"}}
    return {**members, "properties": {**members["properties"], **own}}


def _block(name: str, schema: Schema) -> list[str]:
    required = schema.get("required", ())
    members = schema.get("properties", {})
    rows = [f"{_INDENT}{key}{'' if key in required else '?'}: {short(member)}" for key, member in members.items()]
    return [name, *rows]


def short(schema: Schema) -> str:
    """A JSON Schema in a few characters."""
    match schema:
        case {"$ref": str(path)}:
            return path.rsplit("/", 1)[-1]
        case {"const": value}:
            return json.dumps(value)
        case {"enum": list(values)}:
            return " | ".join(json.dumps(value) for value in values)
        case {"anyOf": list(choices)} | {"oneOf": list(choices)}:
            return " | ".join("null" if choice == NULL else short(choice) for choice in choices) + _default(schema)
        case {"type": "array"}:
            return f"[{short(schema.get('items', {}))}]{_bounds(schema, 'minItems', 'maxItems')}{_default(schema)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"{{{_key(schema)}: {short(values)}}}{_bounds(schema, 'minProperties', 'maxProperties')}"
        case {"type": "object", "patternProperties": dict(patterns)}:
            return "{" + ", ".join(f"/{key}/: {short(value)}" for key, value in patterns.items()) + "}"
        case {"type": "string"}:
            pattern = f" /{schema['pattern']}/" if "pattern" in schema else ""
            return f"string{_bounds(schema, 'minLength', 'maxLength')}{pattern}{_default(schema)}"
        case {"type": kind}:
            return f"{kind}{_bounds(schema, 'minimum', 'maximum')}{_default(schema)}"
        case _:
            return "any"


def _key(schema: Schema) -> str:
    return short(schema["propertyNames"]) if "propertyNames" in schema else "string"


def _bounds(schema: Schema, least: str, most: str) -> str:
    if least not in schema and most not in schema:
        return ""
    return f" {_number(schema.get(least, ''))}..{_number(schema.get(most, ''))}"


def _number(value: object) -> str:
    return "2^53-1" if value == 2**53 - 1 else str(value)


def _default(schema: Schema) -> str:
    return f" = {json.dumps(schema['default'])}" if schema.get("default") is not None else ""
