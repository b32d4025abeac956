"""The App API: its endpoints, one noun a file.

Law: a handler checks what the caller may do, asks the store or the Orchestrator, and returns a model.
"""

from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic_core import CoreSchema

from app.ports import AppPorts
from app.store import Person
from shared.errors import Forbidden
from shared.http import Call, Endpoints

endpoints: Final = Endpoints()
PersonCall = Call[Person, AppPorts]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"\S", strip_whitespace=True)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S", strip_whitespace=True)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Change(Model):
    """The body of a PATCH: what is left out stays as it is. It says something, and null only where it is a value."""

    NULLABLE: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change")
        nulls = {name for name in self.model_fields_set - self.NULLABLE if getattr(self, name) is None}
        if nulls:
            raise ValueError(f"{min(nulls)} cannot be null")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The document says the same: a member that is there has a value, and one at least is there."""
        schema = handler.resolve_ref_schema(handler(core))
        for name, member in schema["properties"].items():
            choices = [choice for choice in member.get("anyOf", ()) if choice != {"type": "null"}]
            if name not in cls.NULLABLE and len(choices) == 1:
                schema["properties"][name] = {"title": member["title"], **choices[0]}
        return {**schema, "minProperties": 1}

    def changes(self) -> dict[str, Any]:
        return self.model_dump(include=self.model_fields_set)


class PageQuery(Model):
    """`after` is the `next` of the page before."""

    after: Annotated[str, StringConstraints(max_length=64)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50


def next_cursor(ids: list[str], limit: int) -> str | None:
    """Where the next page begins; None after the last one."""
    return ids[limit - 1] if len(ids) > limit else None


def require_owner(person: Person) -> None:
    """Raises Forbidden unless this person owns the org."""
    if person.role != "owner":
        raise Forbidden("This takes an owner of the org")


def require_admin(person: Person) -> None:
    """Raises Forbidden unless this person runs the org."""
    if person.role not in ("owner", "admin"):
        raise Forbidden("This takes an owner or admin of the org")
