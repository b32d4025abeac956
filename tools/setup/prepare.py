"""Everything between a fresh checkout and a running stack. Each step is skipped when its inputs have not changed."""

import tomllib
from pathlib import Path

from tools.console import ToolError, warn
from tools.setup.bundle import bundle_step
from tools.setup.bytecode import bytecode_step, own_bytecode_step
from tools.setup.command import command_step
from tools.setup.layout import Layout
from tools.setup.node import node_step
from tools.setup.npm import npm_step, workerd_package
from tools.setup.snapshot import snapshot_step
from tools.setup.steps import perform
from tools.setup.vendor import vendor_step
from tools.setup.workerd import write_wrapper


def prepare(root: Path) -> Layout:
    layout = Layout(root)
    # Asked first: on a platform without a runtime there is nothing to install for.
    workerd_package()
    layout.cache.mkdir(exist_ok=True)
    for make in (command_step, node_step, npm_step, bundle_step, vendor_step, bytecode_step, own_bytecode_step):
        # One at a time: the key of a step may be made of what the one before it has left.
        perform(make(layout), layout.stamps)
    write_wrapper(layout, warm_snapshot(layout))
    return layout


def warm_snapshot(layout: Layout) -> Path | None:
    compatibility_date = tomllib.loads((layout.root / "wrangler.toml").read_text())["compatibility_date"]
    step = snapshot_step(layout, compatibility_date)
    try:
        perform(step, layout.stamps)
    except ToolError as error:
        warn(f"No warm snapshot, so each start takes some seconds longer: {error}")
        return None
    return step.output
