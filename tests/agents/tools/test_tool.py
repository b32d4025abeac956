"""A function's signature is a tool's contract."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import Field

from agents.tools import ToolFailed
from agents.tools.host import HOST_TOOLS
from agents.tools.tool import TOOLS, make_tool, tool
from agents.turn import Turn
from shared.agent_api import ToolName
from tests.agents.turns import request, said

TURN = Turn(request(said(3, "ada", "Hi")))


def bake(
    loaves: Annotated[int, Field(ge=1, description="how many")],
    turn: Turn,
    *,
    kind: str = "rye",
    notes: list[str] | None = None,
) -> str:
    """Bakes bread.

    In the large oven.
    """
    return f"{loaves} {kind} for {turn.asker.name} {notes}"


def test_a_model_is_told_what_the_signature_and_the_docstring_say() -> None:
    spec = make_tool(bake).signature.spec
    assert (spec.name, spec.description) == ("bake", "Bakes bread.\n\nIn the large oven.")
    properties: Any = spec.parameters["properties"]
    assert list(properties) == ["loaves", "kind", "notes"]
    assert properties["loaves"] == {"description": "how many", "minimum": 1, "title": "Loaves", "type": "integer"}
    assert (spec.parameters["required"], spec.parameters["additionalProperties"]) == (["loaves"], False)


async def test_the_function_gets_what_was_checked_and_the_turn() -> None:
    made = make_tool(bake)
    assert await made.use(TURN, made.signature.check('{"loaves": 2, "notes": ["salt"]}')) == "2 rye for Ada ['salt']"


@pytest.mark.parametrize(
    "args", ['{"loaves": 0}', '{"loaves": 1, "turn": {}}', "[]", "{", '{"loaves": "two"}', "", "null"]
)
def test_arguments_that_do_not_fit_never_reach_it(args: str) -> None:
    with pytest.raises(ToolFailed, match="do not fit"):
        make_tool(bake).signature.check(args)


async def test_a_coroutine_is_waited_for_and_nothing_is_nothing() -> None:
    async def rest() -> None:
        """Rests."""

    made = make_tool(rest)
    assert await made.use(TURN, made.signature.check("")) is None


def silent(x: int) -> str:
    return str(x)


def untyped(x) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001 -- that is the point
    """Says x."""
    return str(x)


def listed(*x: int) -> str:
    """Says x."""
    return str(x)


def Loud() -> str:  # noqa: N802 -- that is the point
    """Shouts."""
    return "!"


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (silent, "no docstring"),
        (untyped, "of which type x is"),
        (listed, "each needs a name"),
        (Loud, "no name for a tool"),
    ],
)
def test_a_function_that_says_too_little_is_no_tool(function: Callable[..., Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make_tool(function)


def test_a_tool_is_entered_once_and_stays_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.tool.TOOLS", entered := dict[str, Any]())

    @tool
    def one() -> str:
        """One."""
        return "one"

    @tool(requires_approval=True)
    def two() -> str:
        """Two."""
        return "two"

    assert (one(), two()) == ("one", "two")
    assert [(name, made.requires_approval) for name, made in entered.items()] == [("one", False), ("two", True)]
    with pytest.raises(ValueError, match="two tools called one"):
        tool(one)


def test_no_tool_of_ones_own_hides_one_of_the_group_controller() -> None:
    assert not TOOLS.keys() & HOST_TOOLS.keys()


@pytest.mark.parametrize(
    ("name", "args", "arguments"),
    [
        ("search_history", '{"query": "bread"}', {"query": "bread", "limit": 8}),
        ("search_history", '{"query": "bread", "limit": 20}', {"query": "bread", "limit": 20}),
        ("get_members", "{}", {}),
    ],
)
def test_what_the_group_controller_answers_is_checked_before_it_is_asked(
    name: ToolName, args: str, arguments: dict[str, object]
) -> None:
    assert HOST_TOOLS[name].check(args) == arguments


@pytest.mark.parametrize(
    "args", ['{"query": ""}', '{"query": "x", "limit": 21}', '{"query": "x", "group_id": "grp_2"}']
)
def test_a_search_has_no_other_arguments_a_group_least_of_all(args: str) -> None:
    with pytest.raises(ToolFailed):
        HOST_TOOLS["search_history"].check(args)


async def test_a_tool_cannot_use_tools() -> None:
    async def sly(turn: Turn) -> str:
        """Uses another tool."""
        return await turn.use("search_history", query="x")

    with pytest.raises(ToolFailed, match="A tool cannot use search_history"):
        await make_tool(sly).use(TURN, {})
