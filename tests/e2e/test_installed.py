"""Both clients as packages: installed alone into empty projects, they work against the running stack."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.command import ROOT
from tests.e2e.deployment import Team
from tools.setup.layout import Layout
from tools.setup.node import node_of

PATIENCE_S = 240
FIVE_LINES = """\
import asyncio, sys
from parley import Group

async def main(base_url, token, group_id):
    async with Group(base_url, group_id, token=token) as room:
        await room.send("hi")
        async for message in room.messages():
            return print(message.actor.name, message.text)

asyncio.run(main(*sys.argv[1:]))
"""
NODE_PROGRAM = """\
import { Api, Group } from "parley-client";
const [baseUrl, token, groupId] = process.argv.slice(2);
const group = new Group({ api: new Api({ baseUrl, token }), groupId });
group.connect();
await group.send("hi");
console.log(group.state.messages.at(-1)?.text ?? group.state.pending.at(-1).text);
group.close();
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- package managers, and what they have installed
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def ok(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = run(*command, cwd=cwd, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty virtual environment, and the sources apart from the checkout: building leaves files beside them."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("clients/python", "shared", "tools"):
        shutil.copytree(ROOT / name, folder / "checkout" / name, ignore=shutil.ignore_patterns("__pycache__", "build"))
    ok(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    return folder


def test_the_python_library_and_its_command_work_installed(project: Path, team: Team) -> None:
    python, sources = project / "venv" / "bin" / "python", project / "checkout" / "clients" / "python"
    where = (team.deployment.origin("app"), team.bearers["ada"], group_id := team.new_group())
    ok(python, "-m", "pip", "install", "-q", sources, cwd=project)
    assert ok(python, "-c", FIVE_LINES, *where, cwd=project) == "Ada hi\n"
    alone = run(project / "venv" / "bin" / "parley", "groups", cwd=project)
    assert (alone.returncode, "pip install 'parley[terminal]'" in alone.stderr) == (1, True)

    ok(python, "-m", "pip", "install", "-q", f"{sources}[terminal]", cwd=project)
    parley, env = project / "venv" / "bin" / "parley", {"PARLEY_URL": where[0], "PARLEY_TOKEN": where[1]}
    assert json.loads(ok(parley, "groups", cwd=project, env=env))["group_id"] == group_id
    ok(parley, "admin", "archive", group_id, "--reason", "done", cwd=project, env=env)
    path = ok(parley, "download", group_id, cwd=project, env=env).strip()
    jwks = team.deployment.origin("orchestrator") + "/.well-known/jwks.json"
    assert json.loads(ok(parley, "verify", path, "--jwks", jwks, cwd=project))["group_id"] == group_id
    # What the verifier is made of is nobody else's to import.
    assert [run(python, "-c", f"import {name}", cwd=project).returncode for name in ("tools", "shared")] == [1, 1]


def test_the_javascript_module_works_installed_from_its_package(tmp_path: Path, team: Team) -> None:
    node = node_of(Layout(ROOT))
    env = {"PATH": f"{Path(node.node).parent}{os.pathsep}{os.environ['PATH']}"}
    ok(node.npm, "pack", ROOT / "clients" / "js", cwd=tmp_path, env=env)
    (packed,) = tmp_path.glob("parley-client-*.tgz")
    (tmp_path / "package.json").write_text('{"name": "project", "private": true, "type": "module"}')
    ok(node.npm, "install", "--no-audit", "--no-fund", packed, cwd=tmp_path, env=env)
    (tmp_path / "program.mjs").write_text(NODE_PROGRAM)
    assert (tmp_path / "node_modules" / "parley-client" / "parley.d.ts").exists()
    where = (team.deployment.origin("app"), team.bearers["ada"], team.new_group())
    assert ok(node.node, "program.mjs", *where, cwd=tmp_path) == "hi\n"
