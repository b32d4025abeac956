"""Every snippet is what it says it is: it can be read, and what it takes from this project is there."""

import ast
import importlib
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.docs.reading import Block, blocks
from tests.layout.sources import ROOT
from tools.setup.layout import Layout
from tools.setup.node import node_of

OURS = ("parley", "agents", "app", "orchestrator", "shared", "durable_objects")
EXPORTED = set(re.findall(r"\b[A-Za-z_]\w*\b", (ROOT / "clients" / "js" / "parley.js").read_text()))


@pytest.mark.parametrize("block", blocks("python", "py"), ids=str)
def test_python_can_be_read_and_finds_what_it_imports(block: Block) -> None:
    tree = compile(block.text, str(block), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(tree, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            module = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []


@pytest.mark.parametrize("block", blocks("js", "javascript", "mjs"), ids=str)
def test_javascript_can_be_read_and_finds_what_it_imports(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "snippet.mjs"
    path.write_text(block.text)
    done = subprocess.run(  # noqa: S603 -- the Node that set-up chose
        [node_of(Layout(ROOT)).node, "--check", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for names in re.findall(r"import \{([^}]*)\} from \"[./\w]*parley\.js\"", block.text):
        assert {name.strip() for name in names.split(",")} <= EXPORTED


@pytest.mark.parametrize("block", blocks("json", "toml"), ids=str)
def test_data_is_in_the_language_it_says(block: Block) -> None:
    {"json": json.loads, "toml": tomllib.loads}[block.language](block.text)
