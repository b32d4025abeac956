"""Every statement that is sent to the directory finds its rows by an index, however many there are.

The stores' methods are called one after the other, each statement is explained by SQLite itself, and a statement that
stands in a store and was never reached fails as well.
"""

import ast
import asyncio
import inspect
import re
import typing
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.access import insert_token
from app.agent_store import AgentRow
from app.store import GroupRow, OrgRow, Person
from app.webhook_store import WebhookRow
from orchestrator.store import GroupRow as ControllerGroupRow
from shared.errors import Conflict
from shared.ports import Database, Row, SqlValue, Statement
from shared.protocol import TurnSettings
from shared.usage import UsedOnDay
from tests.fakes import FakeDatabase

WORKERS = Path(__file__).resolve().parents[2] / "workers"
ORG, GROUP, ADA, BEN, SCRIBE = (f"{kind}_{'0' * 25}{n}" for n, kind in enumerate(("org", "grp", "usr", "usr", "agt")))
THEN = "2026-01-01T00:00:00.000Z"
PERSON = Person(ADA, ORG, "Ada", "owner", THEN)
GROUP_ROW = GroupRow(GROUP, ORG, "T", False, "all", TurnSettings(), "active", THEN, None, None, 1, "owner")
AGENT = AgentRow(SCRIBE, "scribe", "Scribe", "builtin", "scribe", "", (), THEN)
USED = UsedOnDay(
    day=typing.cast("Any", "2026-01-01"),
    agent_id=SCRIBE,
    runs=1,
    requests=1,
    input_tokens=1,
    output_tokens=1,
    tool_calls=0,
)
# What a parameter is given: by its type where that says enough, else by its name.
BY_NAME: dict[str, object] = {
    "org_id": ORG,
    "group_id": GROUP,
    "user_id": ADA,
    "agent_id": SCRIBE,
    "agent_ids": (SCRIBE,),
    "after": "",
    "limit": 10,
    "status": "active",
    "was": "pending",
    "role": "member",
    "now_ms": 1,
    "kid": "kid",
    "by": "agent",
    "used": (USED,),
    "deleted": False,
}
BY_TYPE: dict[object, object] = {
    Person: PERSON,
    GroupRow: GROUP_ROW,
    ControllerGroupRow: ControllerGroupRow(GROUP, ORG, "active", 1, "gc", 1, "kid"),
    OrgRow: OrgRow(ORG, "Org", THEN),
    AgentRow: AGENT,
    WebhookRow: WebhookRow("whk", "W", "https://w.test", ("message.created",), enabled=True, created_at=THEN),
    TurnSettings: TurnSettings(),
    Statement: insert_token("tok_1", ADA, "x", "laptop", THEN, None),
    Sequence[str]: (SCRIBE,),
}
PLAIN: dict[object, object] = {str: "x", int: 1}
PLATFORM = re.compile(r"^(import js|from (pyodide|workers|shared\.edge)\b)", re.MULTILINE)
# A row of constants is no table.
HARMLESS = re.compile(r"SCAN (CONSTANT ROW|\d+ CONSTANT ROWS)$")


class ExplainingDatabase(FakeDatabase):
    def __init__(self) -> None:
        super().__init__()
        self.plans: dict[str, list[str]] = {}

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]:
        plan = await super().rows(f"EXPLAIN QUERY PLAN {statement}", *parameters)
        self.plans[statement] = [str(row["detail"]) for row in plan]
        with suppress(Conflict):  # what it inserts may be there: its plan is all we want
            return await super().rows(statement, *parameters)
        return []


def modules() -> list[ModuleType]:
    """Everything in the two Workers that runs under plain Python, and so may hold a statement."""
    paths = [*(WORKERS / "app").glob("*.py"), *(WORKERS / "orchestrator").glob("*.py")]
    pure = [path for path in sorted(paths) if path.read_text() and not PLATFORM.search(path.read_text())]
    return [import_module(f"{path.parent.name}.{path.stem}") for path in pure]


def stores() -> list[type]:
    """Whatever is handed the database."""
    kinds = [kind for module in modules() for kind in vars(module).values() if inspect.isclass(kind)]
    taking = [kind for kind in kinds if Database in inspect.get_annotations(kind.__init__).values()]
    return list(dict.fromkeys(taking))


def arguments(method: Any) -> dict[str, Any]:  # noqa: ANN401
    hints = typing.get_type_hints(method)
    hints.pop("return", None)
    return {name: argument(name, kind) for name, kind in hints.items()}


def argument(name: str, kind: object) -> object:
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    return BY_NAME[name] if name in BY_NAME else PLAIN[_plain(kind) or kind]


def _plain(kind: object) -> object:
    """The type behind `X | None`."""
    return next((choice for choice in typing.get_args(kind) if choice is not type(None)), None)


def furnish(database: FakeDatabase) -> None:
    database.insert("orgs", id=ORG, name="Org", created_at=THEN)
    for person in (ADA, BEN):
        database.insert("people", id=person, org_id=ORG, name="P", role="owner", created_at=THEN)
    group: dict[str, SqlValue] = {
        "id": GROUP,
        "org_id": ORG,
        "title": "T",
        "is_private": 0,
        "status": "active",
        "created_by": ADA,
    }
    database.insert("groups", **group, created_at=THEN, group_controller_id="gc")
    database.insert("kept_answers", subject="x", key="x", digest="x", asked_ms=2**50)
    database.insert("memberships", group_id=GROUP, user_id=ADA, role="owner", created_at=THEN)


@pytest.fixture(scope="module")
def plans() -> dict[str, list[str]]:
    return asyncio.run(explained())


async def explained() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind in stores():
        for name, method in inspect.getmembers(kind, inspect.iscoroutinefunction):
            if not name.startswith("_"):
                database = ExplainingDatabase()
                furnish(database)
                await method(kind(database), **arguments(method))
                found |= database.plans
                database.close()
    return found


def written(module: ModuleType) -> Iterator[str]:
    """The beginnings of all statements in a module's text."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            text = " ".join(first.value.split())
            if re.match(r"(SELECT|INSERT INTO|UPDATE|DELETE FROM) ", text):
                yield text


def test_no_statement_reads_a_table_from_end_to_end(plans: dict[str, list[str]]) -> None:
    scans = {
        " ".join(statement.split()): detail
        for statement, plan in plans.items()
        for detail in plan
        if detail.startswith("SCAN") and not HARMLESS.match(detail)
    }
    assert scans == {}


def test_every_statement_was_explained(plans: dict[str, list[str]]) -> None:
    sent = [" ".join(statement.split()) for statement in plans]
    missed = [text for module in modules() for text in written(module) if not any(text in one for one in sent)]
    assert missed == []


def test_a_missing_index_would_be_seen() -> None:
    database = ExplainingDatabase()
    asyncio.run(database.rows("SELECT id FROM groups WHERE title = ?", "T"))
    asyncio.run(database.rows("SELECT id FROM groups WHERE org_id = ?", ORG))
    first, second = database.plans.values()
    database.close()
    assert (first[0][:5], second[0][:7]) == ("SCAN ", "SEARCH ")
