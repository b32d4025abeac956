from pathlib import Path

import pytest

from tools.console import ToolError
from tools.setup import node
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.node import node_of, usable


def script(folder: Path, text: str, name: str = "tool") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("sign", ["npm error code ENOTFOUND", "connect ECONNREFUSED", "NameResolutionError"])
def test_a_registry_out_of_reach_is_named_as_such(tmp_path: Path, sign: str) -> None:
    with pytest.raises(ToolError, match="Installing Node: the package registry is out of reach; check the network"):
        run([script(tmp_path, f"echo '{sign}' >&2; exit 1")], cwd=tmp_path, what="Installing Node")


def test_any_other_failure_shows_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"npm ci failed \(exit code 3\)(.|\n)*no space left"):
        run([script(tmp_path, "echo 'no space left' >&2; exit 3")], cwd=tmp_path, what="npm ci")


@pytest.mark.parametrize("version", ["20.20.2", "22.11.9", "not a version"])
def test_a_node_that_is_too_old_is_not_used(tmp_path: Path, version: str) -> None:
    program = script(tmp_path, f"""echo '["/usr/bin/node", "{version}"]'""", "node")
    assert usable(program, program) is None


def test_a_node_without_npm_is_not_used(tmp_path: Path) -> None:
    program = script(tmp_path, """echo '["/usr/bin/node", "24.1.0"]'""", "node")
    assert usable(program, None) is None
    found = usable(program, program)
    assert found is not None
    assert found.version == "24.1.0"


def test_whoever_has_no_node_at_all_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path)
    layout.cache.mkdir()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "node.txt").write_text("")
    monkeypatch.setattr(node, "run", lambda *_, **__: "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="put one on PATH"):
        node.node_step(layout).run(lambda _: None)
    with pytest.raises(ToolError, match="make setup"):
        node_of(layout)
