from typing import Any

import pytest
from pydantic import BaseModel

from shared.replies import AtSeq
from tools.schemas import components, gives, written, written_with_null
from tools.wire_text import short


class Inner(BaseModel):
    names: tuple[str, ...] = ()


class Sample(BaseModel):
    must: int
    may: str | None = None
    inner: Inner = Inner()


DEFS = components(gives(Sample))


def test_what_is_written_without_null_always_has_the_rest() -> None:
    schema = written(DEFS["Sample"])

    assert schema["required"] == ["must", "inner"]
    assert schema["properties"]["may"] == {"title": "May", "type": "string"}


def test_a_member_that_must_be_given_may_still_be_left_out_on_the_wire() -> None:
    schema = written(components(gives(AtSeq))["AtSeq"])

    assert "required" not in schema


def test_what_is_written_with_null_has_every_member() -> None:
    assert written_with_null(DEFS["Sample"])["required"] == ["must", "may", "inner"]


def test_a_union_gets_the_name_it_was_asked_under() -> None:
    found = components({"gives Either": (Inner | Sample, "serialization")})

    assert set(found) == {"Either", "Inner", "Sample"}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"$ref": "#/components/schemas/Actor"}, "Actor"),
        ({"const": "bye", "type": "string"}, '"bye"'),
        ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"'),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "integer 1.. | null"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 32}, "[string] ..32"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "{string: integer}"),
        ({"type": "string", "minLength": 1, "pattern": "^a$"}, "string 1.. /^a$/"),
        ({"type": "boolean", "default": True}, "boolean = true"),
        ({"type": "integer", "maximum": 2**53 - 1}, "integer ..2^53-1"),
    ],
)
def test_a_schema_in_a_few_characters(schema: dict[str, Any], text: str) -> None:
    assert short(schema) == text
