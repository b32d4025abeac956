"""Every example of docs/clients.md does what the page says."""

import asyncio
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from parley.cli import failures
from tests.e2e.command import ROOT, Shell, shell_of
from tests.e2e.deployment import Team
from tools.setup.layout import Layout
from tools.setup.node import node_of

PAGE = (ROOT / "docs" / "clients.md").read_text()
PATIENCE_S = 60
WRAPPED = """\
import asyncio, sys

async def main(base_url, token, group_id):
{body}

asyncio.run(main(*sys.argv[1:]))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


async def printed(*command: str | Path, shell: Shell, until: str | None = None) -> str:
    """What a program prints: all of it, or until `until` has come and the program is ended."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=pipe, stderr=pipe, env=shell.environment(), cwd=shell.home
    )
    assert process.stdout is not None
    out = ""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (until is None or until not in out) and (chunk := await process.stdout.read(4096)):
                out += chunk.decode()
    finally:
        if until is not None and process.returncode is None:
            process.terminate()
    _, errors = await process.communicate()
    assert until is not None or process.returncode == 0, errors.decode()
    assert until is None or until in out, errors.decode()
    return out


# What each example prints at last; the first goes on for ever.
EXPECTED = ("Scribe **Decided**", "Scribe: **Decided**", "['Bread or cake?']", "")


@pytest.mark.parametrize("number", range(len(EXPECTED)))
async def test_an_example_in_python_runs(team: Team, tmp_path: Path, number: int) -> None:
    group_id = team.new_group("ben")
    decided = {"client_msg_id": "b", "text": "We decided to open on Friday."}
    await asyncio.to_thread(team.post, "ben", f"/groups/{group_id}/messages", decided)
    code = WRAPPED.format(body=textwrap.indent(blocks("python")[number], "    "))
    where = (team.deployment.origin("app"), team.bearers["ada"], group_id)
    until = EXPECTED[number] if number == 0 else None
    out = await printed(sys.executable, "-uc", code, *where, shell=Shell(tmp_path), until=until)
    assert EXPECTED[number] in out


def test_every_example_in_python_is_run() -> None:
    assert len(blocks("python")) == len(EXPECTED)


async def test_the_example_in_javascript_runs(team: Team, tmp_path: Path) -> None:
    (example,) = blocks("js")
    packed = tmp_path / "node_modules" / "parley-client"
    packed.parent.mkdir()
    packed.symlink_to(ROOT / "clients" / "js")
    where = {"baseUrl": team.deployment.origin("app"), "token": team.bearers["ada"], "groupId": team.new_group()}
    consts = "".join(f"const {name} = {value!r};\n" for name, value in where.items())
    (tmp_path / "example.mjs").write_text(example.replace('client";\n', 'client";\n' + consts))
    out = await printed(node_of(Layout(ROOT)).node, "example.mjs", shell=Shell(tmp_path))
    assert "Scribe" in out


@pytest.mark.parametrize("number", range(3))
def test_the_examples_for_the_shell_run(team: Team, tmp_path: Path, number: int) -> None:
    team.post(
        "ada",
        "/groups",
        {"org_id": team.org_id, "title": "Reopening", "is_private": True, "agent_ids": [team.ids["scribe"]]},
    )
    signed_in = shell_of(team, "ada", tmp_path) if number == 2 else Shell(tmp_path)
    (tmp_path / "token.txt").write_text(team.bearers["ada"] + "\n")
    (tmp_path / "operator-token.txt").write_text(team.deployment.keys.operator_token + "\n")
    names = {"URL": team.deployment.origin("app"), "ORCHESTRATOR_URL": team.deployment.origin("orchestrator")}
    script = f'set -eu\nparley() {{ {sys.executable} -m parley "$@"; }}\n' + blocks("sh")[number]
    done = subprocess.run(  # noqa: S603 -- the page's own commands
        ["/bin/sh", "-c", script],
        env={**signed_in.environment(), **names},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 3,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_table_of_exit_codes_is_complete() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert told == {0, 2, *(value for value in vars(failures).values() if type(value) is int and value < 200)}
