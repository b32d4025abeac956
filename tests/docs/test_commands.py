"""Every command that a document tells to type exists, with its flags."""

import re
import shlex
import subprocess
from functools import cache

import pytest
import typer.main

from tests.docs.reading import command_lines
from tests.layout.sources import ROOT
from tools.__main__ import app as tools_app
from tools.setup.layout import Layout
from tools.setup.node import node_of

COMMANDS = command_lines()
TARGETS = set(re.findall(r"^([a-z0-9 -]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
WRANGLER_PARTS = 3


def starting_with(*words: str) -> list[tuple[str, str]]:
    return [(document, line) for document, line in COMMANDS if shlex.split(line)[: len(words)] == list(words)]


def words_of(line: str) -> list[str]:
    """Without what a document sets in brackets for optional."""
    return shlex.split(re.sub(r"[\[\]]", " ", line))


@cache
def make_targets() -> set[str]:
    return {target for line in TARGETS for target in line.split()}


@pytest.mark.parametrize(("document", "line"), starting_with("make"))
def test_make_has_the_target(document: str, line: str) -> None:
    wanted = [word for word in shlex.split(line)[1:] if re.fullmatch("[a-z0-9-]+", word)]
    assert set(wanted) <= make_targets(), f"{document}: {line}"


@cache
def wrangler_help(*command: str) -> str:
    program = str(ROOT / "node_modules" / "wrangler" / "bin" / "wrangler.js")
    done = subprocess.run(  # noqa: S603 -- the pinned wrangler
        [node_of(Layout(ROOT)).node, program, *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "WRANGLER_SEND_METRICS": "false",
            "NO_COLOR": "1",
            "PATH": "/usr/bin:/bin",
            "HOME": str(Layout(ROOT).cache),
        },
        cwd=ROOT,
    )
    return done.stdout


@pytest.mark.parametrize(("document", "line"), starting_with("npx", "wrangler"))
def test_wrangler_has_the_command_and_its_flags(document: str, line: str) -> None:
    words = shlex.split(line)[2:]
    command = next(tuple(words[:size]) for size in range(WRANGLER_PARTS, 0, -1) if is_command(tuple(words[:size])))
    known = wrangler_help(*command)
    for flag in [word for word in words if word.startswith("-")]:
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", known), f"{document}: {line}: {flag}"


def is_command(words: tuple[str, ...]) -> bool:
    """wrangler greets an unknown word with the help of what comes before it."""
    plain = all(re.fullmatch("[a-z0-9-]+", word) and not word.startswith("-") for word in words)
    return plain and f"wrangler {' '.join(words)}\n" in wrangler_help(*words).replace(" <", "\n").replace(" [", "\n")


def test_an_unknown_command_of_wrangler_is_told_apart() -> None:
    assert is_command(("deploy",))
    assert is_command(("d1", "migrations", "apply"))
    assert not is_command(("d1", "migrate"))
    assert not is_command(("rollback", "everything"))


@pytest.mark.parametrize(("document", "line"), [row for row in COMMANDS if "-m tools" in row[1]])
def test_the_tools_have_the_command_and_its_flags(document: str, line: str) -> None:
    words = words_of(line)
    words = words[words.index("tools") + 1 :]
    command = typer.main.get_command(tools_app)
    name = words[0] if words else ""
    assert name in {"…", *getattr(command, "commands", {})}, f"{document}: {line}"
    if name == "keys":
        from tools.keys import app as keys_app  # noqa: PLC0415 -- imports what set-up has brought

        group = typer.main.get_command(keys_app)
        actions = getattr(group, "commands", {})
        assert set(words[1].split("|")) <= {"…", *actions}, f"{document}: {line}"
        flags = {option for parameter in getattr(actions.get(words[1]), "params", ()) for option in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= flags, f"{document}: {line}"
