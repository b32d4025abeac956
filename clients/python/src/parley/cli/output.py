"""Where words go: a table or a line for who watches a terminal, one JSON object a line for a program that reads.

Law: results go to stdout, everything else to stderr.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.cli.sentences import plain
from parley.events import Event, Unknown


def watched() -> bool:
    return sys.stdout.isatty()


def put(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Not a result: for who watches, whatever becomes of stdout."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def put_json(value: object) -> None:
    put(json.dumps(jsonable(value), ensure_ascii=False, separators=(",", ":")))


def jsonable(value: object) -> Any:  # noqa: ANN401 -- JSON
    """A value of the library as the wire has it: members that are not set are left out."""
    if isinstance(value, Event):
        data = value.data.raw if isinstance(value.data, Unknown) else jsonable(value.data)
        head = {name: getattr(value, name) for name in ("type", "seq", "epoch", "ts", "causation", "run_id")}
        return {**_present(head), "actor": asdict(value.actor), "data": data}
    if is_dataclass(value) and not isinstance(value, type):
        return _present(asdict(value))
    return value


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def put_all(found: Sequence[object], columns: Sequence[str]) -> None:
    """A table of these members for a person, everything for a program."""
    if not watched():
        for item in found:
            put_json(item)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for item in found:
        values = jsonable(item)
        table.add_row(*(Text(plain(str(values.get(column, "")))) for column in columns))
    Console(highlight=False).print(table)
