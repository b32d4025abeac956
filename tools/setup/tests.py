"""What the tests need beyond a running stack: published readers of our streams, and a browser."""

from pathlib import Path

from tools.setup.chromium import ensure_chromium
from tools.setup.npm import interop_step
from tools.setup.prepare import prepare
from tools.setup.steps import perform


def prepare_tests(root: Path) -> None:
    layout = prepare(root)
    perform(interop_step(layout), layout.stamps)
    ensure_chromium(root)
