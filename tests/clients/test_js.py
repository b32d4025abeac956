"""The JavaScript client and the page's pure parts, tested by Node's own runner."""

import subprocess
from pathlib import Path

from tools.setup.layout import Layout
from tools.setup.node import node_of

ROOT = Path(__file__).parents[2]


def test_the_javascript_tests_pass() -> None:
    files = sorted(str(path) for path in (ROOT / "tests" / "clients_js").glob("*.test.mjs"))
    assert files

    done = subprocess.run(  # noqa: S603 -- our own files, the Node that set-up chose
        [node_of(Layout(ROOT)).node, "--test", "--test-reporter=spec", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
