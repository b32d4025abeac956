"""Makes a tool of a typed Python function.

    @tool
    def forecast(city: Annotated[str, Field(description="a city of this earth")]) -> str:
        '''What the weather will be tomorrow.'''

Law: the signature is the contract. pydantic makes the JSON schema of it and checks every call against it; a parameter
of the type `Turn` is filled in and not shown to the model. Raise ToolFailed to tell the model what it did wrong; of
anything else it learns only that the tool failed.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from agents.tools import ToolFailed, ToolSpec
from agents.turn import Turn
from shared.frames import first_problem

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Signature:
    """What a tool is called with."""

    spec: ToolSpec
    _arguments: type[BaseModel]

    def check(self, args: str) -> dict[str, Any]:
        """The arguments as the function takes them. Raises ToolFailed with what is wrong about them."""
        try:
            checked = self._arguments.model_validate_json(args or "{}")
        except ValidationError as exc:
            raise ToolFailed(f"The arguments do not fit: {first_problem(exc)}") from exc
        return {name: getattr(checked, name) for name in self._arguments.model_fields}

    @classmethod
    def of(cls, name: str, description: str, fields: Mapping[str, Any]) -> "Signature":
        """`fields` are pairs of a type and a default, as `pydantic.create_model` takes them."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name} is no name for a tool: small letters, digits and _ only")
        model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        schema = {key: value for key, value in model.model_json_schema().items() if key != "title"}
        return cls(ToolSpec(name, description, schema), model)


@dataclass(frozen=True)
class Tool:
    """A function, ready to be used by a model."""

    signature: Signature
    requires_approval: bool
    _function: Callable[..., Any]
    _turn_parameter: str | None

    async def use(self, turn: Turn, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- what the function returns
        """`arguments` are those that the signature has checked."""
        given = {self._turn_parameter: turn} if self._turn_parameter else {}
        result = self._function(**arguments, **given)
        return await result if inspect.isawaitable(result) else result


def make_tool(function: Callable[..., Any], *, requires_approval: bool = False) -> Tool:
    """Raises ValueError when the function does not say enough about itself."""
    name, description = getattr(function, "__name__", ""), inspect.getdoc(function)
    if not description:
        raise ValueError(f"The tool {name} has no docstring: a model cannot know what it is for")
    hints = get_type_hints(function, include_extras=True)
    turns = [parameter for parameter in hints if hints[parameter] is Turn]
    fields = {
        parameter.name: _field(name, parameter, hints)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name not in turns
    }
    return Tool(Signature.of(name, description, fields), requires_approval, function, turns[0] if turns else None)


def _field(tool_name: str, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> tuple[Any, Any]:
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise ValueError(f"The tool {tool_name} takes a list of arguments; each needs a name")
    if parameter.name not in hints:
        raise ValueError(f"The tool {tool_name} does not say of which type {parameter.name} is")
    return hints[parameter.name], ... if parameter.default is parameter.empty else parameter.default


TOOLS: Final[dict[str, Tool]] = {}


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(*, requires_approval: bool = False) -> Callable[[F], F]: ...
def tool(function: F | None = None, /, *, requires_approval: bool = False) -> F | Callable[[F], F]:
    """Enters a function among the tools of this deployment, by its name. Raises ValueError when that is taken.

    With `requires_approval` people in the group are asked before each use.
    """

    def enter(made_of: F) -> F:
        made = make_tool(made_of, requires_approval=requires_approval)
        if made.signature.spec.name in TOOLS:
            raise ValueError(f"There are two tools called {made.signature.spec.name}")
        TOOLS[made.signature.spec.name] = made
        return made_of

    return enter if function is None else enter(function)
