"""Pydantic models as the JSON Schema components of a document.

Law: what a model says of itself is not said again here; only how it is written on the wire is.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from shared.protocol import EVENT_TYPES, Event

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]
Wanted = tuple[Any, Mode]
REF: Final = "#/components/schemas/{model}"
NULL: Final = {"type": "null"}


def ref(name: str) -> Schema:
    return {"$ref": REF.format(model=name)}


def components(wanted: Mapping[str, Wanted]) -> dict[str, Schema]:
    """The components that these types need, by their names. A type may be a model or a union of models."""
    inputs = [(name, mode, TypeAdapter(kind)) for name, (kind, mode) in wanted.items()]
    found, document = TypeAdapter.json_schemas(inputs, ref_template=REF)
    unions = {name.split()[-1]: schema for (name, _), schema in found.items() if "$ref" not in schema}
    return {**document.get("$defs", {}), **unions}


def takes(*models: type) -> dict[str, Wanted]:
    """Models that are read."""
    return {f"takes {model.__name__}": (model, "validation") for model in models}


def gives(*models: type) -> dict[str, Wanted]:
    """Models that are written."""
    return {f"gives {model.__name__}": (model, "serialization") for model in models}


def written(schema: Schema) -> Schema:
    """The same object as `exclude_none` writes it: a member with nothing to say is left out, every other is there."""
    members = schema.get("properties", {})
    required = [name for name, member in members.items() if NULL not in member.get("anyOf", ())]
    plain = {name: _without(without_null(member), "default") for name, member in members.items()}
    return _with(schema, plain, required)


def written_with_null(schema: Schema) -> Schema:
    """The same object as it is written by default: every member is there, null where it has nothing to say."""
    members = schema.get("properties", {})
    return _with(schema, {name: _without(member, "default") for name, member in members.items()}, list(members))


def without_null(member: Schema) -> Schema:
    """A member that is left out where it would be null."""
    if NULL not in member.get("anyOf", ()):
        return member
    rest = [choice for choice in member["anyOf"] if choice != NULL]
    return {**_without(member, "anyOf", "default"), **(rest[0] if len(rest) == 1 else {"anyOf": rest})}


def _with(schema: Schema, members: dict[str, Schema], required: list[str]) -> Schema:
    if schema.get("type") != "object" or not members:
        return schema
    rest = _without(schema, "required")
    return {**rest, "properties": members, **({"required": required} if required else {})}


def _without(schema: Schema, *names: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in names}


def events() -> dict[str, Wanted]:
    """What `event_components` needs to be given."""
    return gives(Event, *EVENT_TYPES)


def event_components(defs: Mapping[str, Schema]) -> dict[str, Schema]:
    """Each type of event with its own data; `Event` is any of them."""
    envelope = written(defs["Event"])
    made: dict[str, Schema] = {}
    for model, name in EVENT_TYPES.items():
        members = {**envelope["properties"], "type": {"const": name, "type": "string"}, "data": ref(model.__name__)}
        made[name] = {**envelope, "title": name, "description": f"A `{name}` event.", "properties": members}
    choices = [ref(name) for name in EVENT_TYPES.values()]
    return {**made, "Event": {"title": "Event", "description": defs["Event"]["description"], "oneOf": choices}}


def history_page(schema: Schema) -> Schema:
    """`HistoryOk` holds the stored texts of events; on the wire they stand as what they are."""
    listed = {"type": "array", "items": ref("Event"), "title": "Events"}
    return {**schema, "properties": {**schema["properties"], "events": listed}}
