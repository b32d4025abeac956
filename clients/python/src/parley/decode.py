"""JSON values into frozen dataclasses, checked against their annotations.

Law: one rule for every type. Members that a newer server adds are ignored; a member that is missing or of another type
raises `Undecodable`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from parley.errors import Undecodable

T = TypeVar("T")
_Members = tuple[tuple[str, Any, bool], ...]
_KNOWN: Final[dict[type[Any], _Members]] = {}


def decode(kind: type[T], value: object) -> T:
    """`value` as an instance of the dataclass `kind`. Raises Undecodable."""
    if not isinstance(value, Mapping):
        raise Undecodable(f"{kind.__name__} is not an object")
    return kind(**{name: _convert(hint, value[name]) for name, hint in _present(kind, value)})


def _present(kind: type[Any], value: Mapping[Any, object]) -> list[tuple[str, Any]]:
    missing = [name for name, _, required in _members(kind) if required and name not in value]
    if missing:
        raise Undecodable(f"{kind.__name__} lacks {', '.join(missing)}")
    return [(name, hint) for name, hint, _ in _members(kind) if name in value]


def _members(kind: type[Any]) -> _Members:
    """Reading annotations is slow, so it is done once a type."""
    if kind not in _KNOWN:
        hints = get_type_hints(kind)
        _KNOWN[kind] = tuple((member.name, hints[member.name], _required(member)) for member in fields(kind))
    return _KNOWN[kind]


def _required(member: "Field[Any]") -> bool:
    return member.default is MISSING and member.default_factory is MISSING


def _convert(hint: Any, value: object) -> object:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        return None if value is None else _convert(arguments[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], item) for item in value)
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _convert(arguments[1], item) for key, item in value.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return decode(hint, value)
    if origin is None and type(value) is hint:
        return value
    raise Undecodable(f"expected {hint}, not {type(value).__name__}")
