"""The declarations of the JavaScript module name what it has, and its events are those of the wire."""

import re
from pathlib import Path

from shared.protocol import COMMANDS, EVENT_TYPES

JS = Path(__file__).parents[2] / "clients" / "js"
DECLARED = (JS / "parley.d.ts").read_text()


def block(name: str) -> str:
    """The body of an exported declaration."""
    found = re.search(rf"export (?:class|interface) {name}\b[^{{]*\{{\n(.*?)\n\}}", DECLARED, re.DOTALL)
    assert found, name
    return found[1]


def test_every_export_is_declared() -> None:
    exported = re.findall(r"export \{([^}]*)\}", (JS / "parley.js").read_text())
    names = {name.strip() for group in exported for name in group.split(",")}
    declared = set(re.findall(r"export (?:class|function|const) (\w+)", DECLARED))
    assert names == declared


def test_every_method_of_a_group_is_declared() -> None:
    methods = set(re.findall(r"\n  (?:get )?(\w+)\(", (JS / "group.js").read_text())) - {"constructor"}
    declared = set(re.findall(r"\n  (?:readonly )?(\w+)[(:?]", "\n" + block("Group")))
    assert methods - declared == set()
    assert methods >= {"send", "approve", "cancelRun"}


def test_every_event_of_the_wire_is_declared() -> None:
    assert set(re.findall(r'\n  "([a-z_.]+)"', "\n" + block("EventData"))) == set(EVENT_TYPES.values())


def test_every_command_of_the_wire_can_be_said() -> None:
    said = set(re.findall(r'#ask\("([a-z.]+)"', (JS / "group.js").read_text()))
    assert said == set(COMMANDS)
