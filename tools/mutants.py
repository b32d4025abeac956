"""Small wrongs in a piece of Python: every single check dropped, negated or widened, one at a time.

Law: pure; from a source to sources. Each mutant differs in one place from what was parsed.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

_WIDER: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_SWAPPED: Final[dict[type[ast.operator], type[ast.operator]]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_SHOWN_CHARS: Final = 70
# A condition of a statement of SQL; what stands before the first WHERE or ON is none, but an assignment.
_SQL: Final = re.compile(r"\b(?:WHERE|ON|AND)\b(?! CONFLICT)")
_SQL_CONDITION: Final = re.compile(
    r"[\w.?]+ (?:=|<>|<=|>=|<|>) (?:\w+\([^()]*\)|'[^']*'|[\w.?]+)"
    r"|[\w.]+ IS (?:NOT )?NULL|[\w.]+ (?:NOT )?IN \('[^()]*\)"
)


@dataclass(frozen=True)
class Mutant:
    line: int
    what: str
    source: str
    inside: str | None
    """The function or method whose body is wrong; None for what counts when the module is imported."""


@dataclass(frozen=True)
class _Place:
    """Where a node hangs: it can be exchanged there and put back."""

    parent: ast.AST
    field: str
    index: int | None
    inside: str | None

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants(source: str, functions: frozenset[str] | None = None) -> Iterator[Mutant]:
    """All mutants of a module, or of these functions of it alone."""
    tree = ast.parse(source)
    for place, node in list(_places(tree, inside=functions is None, functions=functions or frozenset())):
        for what, changed in _changes(node):
            if _is_the_same(place, changed):
                continue
            place.put(changed)
            text = ast.unparse(ast.fix_missing_locations(tree))
            place.put(node)
            yield Mutant(getattr(node, "lineno", 0), f"{what}: {_shown(node)}", text, place.inside)


def _is_the_same(place: _Place, changed: ast.AST) -> bool:
    """Where the first of a list is asked for, the last is as good: such lists have one member, a row or an error."""
    is_index = isinstance(place.parent, ast.Subscript) and place.field == "slice"
    return is_index and isinstance(changed, ast.Constant) and changed.value == -1


def _shown(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def _places(
    parent: ast.AST, *, inside: bool, functions: frozenset[str], way: str = "", body_of: str | None = None
) -> Iterator[tuple[_Place, ast.AST]]:
    """`way` is the qualified name of where we are; `body_of` that of the outermost function around."""
    for field, value in ast.iter_fields(parent):
        if field in ("decorator_list", "returns"):
            continue
        in_body = body_of or (way if isinstance(parent, _FUNCTIONS) and field == "body" else None)
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, node in children:
            if not isinstance(node, ast.AST):
                continue
            named = isinstance(node, _FUNCTIONS) and node.name in functions
            if inside:
                yield _Place(parent, field, index, in_body), node
            further = f"{way}.{node.name}".lstrip(".") if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) else way
            yield from _places(node, inside=inside or named, functions=functions, way=further, body_of=in_body)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for change in _CHANGES:
        yield from change(node)


# ── what can be wrong ───────────────────────────────────────────────────────────────────────────────────────────────

_Change = Callable[[ast.AST], Iterator[tuple[str, ast.AST]]]


def _statements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Raise):
        yield "not raised", ast.Pass()
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
        yield "not called", ast.Pass()


def _conditions(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.If | ast.IfExp):
        fields = dict(ast.iter_fields(node))
        for what, test in (
            ("negated", ast.UnaryOp(ast.Not(), node.test)),
            ("always", ast.Constant(True)),
            ("never", ast.Constant(False)),
        ):
            yield what, type(node)(**{**fields, "test": test})
    if isinstance(node, ast.comprehension):
        for at in range(len(node.ifs)):
            kept = node.ifs[:at] + node.ifs[at + 1 :]
            yield "filter dropped", ast.comprehension(node.target, node.iter, kept, node.is_async)


def _operands(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BoolOp):
        for at, operand in enumerate(node.values):
            kept = node.values[:at] + node.values[at + 1 :]
            yield f"without `{_shown(operand)}`", kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)
    if isinstance(node, ast.BinOp) and type(node.op) in _SWAPPED:
        yield "sign changed", ast.BinOp(node.left, _SWAPPED[type(node.op)](), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", node.operand


def _comparisons(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            ops = [*node.ops[:at], _WIDER[type(op)](), *node.ops[at + 1 :]]
            yield f"{type(op).__name__} → {type(ops[at]).__name__}", ast.Compare(node.left, ops, node.comparators)


def _collections(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Dict):
        for at in range(len(node.keys)):
            keys, values = [*node.keys], [*node.values]
            del keys[at], values[at]
            yield f"without entry {at}", ast.Dict(keys, values)
    if isinstance(node, ast.Set):
        for at in range(len(node.elts)):
            yield f"without element {at}", ast.Set(node.elts[:at] + node.elts[at + 1 :])
    if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for at, kind in enumerate(node.type.elts):
            caught = ast.Tuple(node.type.elts[:at] + node.type.elts[at + 1 :], ast.Load())
            yield f"{_shown(kind)} not caught", ast.ExceptHandler(caught, node.name, node.body)


def _constants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool():
            yield "flipped", ast.Constant(not node.value)
        case int():
            yield "one more", ast.Constant(node.value + 1)
            yield "one less", ast.Constant(node.value - 1)
        case "forbid":
            yield "ignored", ast.Constant("ignore")
        case str() as text if text.startswith("^"):
            yield "begins anywhere", ast.Constant(text[1:])
            yield "ends anywhere", ast.Constant(text.removesuffix("$"))


def _sql(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Each condition in turn holds for every row. It stays in its place, and so do the parameters."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return
    text, first = node.value, _SQL.search(node.value)
    if first is None:
        return
    for found in _SQL_CONDITION.finditer(text, first.end()):
        condition = f"({found[0]} OR 1)"
        yield f"always `{found[0]}`", ast.Constant(text[: found.start()] + condition + text[found.end() :])


def _annotations(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Annotated"
        and isinstance(node.slice, ast.Tuple)
    ):
        yield "unconstrained", node.slice.elts[0]


_CHANGES: Final[tuple[_Change, ...]] = (
    _statements,
    _conditions,
    _operands,
    _comparisons,
    _collections,
    _constants,
    _sql,
    _annotations,
)
