"""Hot reload: waits for saved sources and takes them up."""

import time
from collections.abc import Callable
from pathlib import Path

from watchfiles import PythonFilter, watch

from tools.console import ToolError
from tools.stack.stack import Stack

SOURCES = ("workers", "durable_objects", "shared", "clients/js")


def reload_on_save(root: Path, stack: Stack, say: Callable[[str], None]) -> None:
    """Runs until interrupted. A stack that does not come up is reported, and the next save tries again."""
    folders = [root / name for name in SOURCES if (root / name).exists()]
    for _ in watch(*folders, watch_filter=WebOrPython(), debounce=100, step=20, raise_interrupt=True):
        started = time.monotonic()
        try:
            changed = stack.reload()
        except ToolError as error:
            say(f"not reloaded: {error}")
            continue
        if changed:
            say(f"reloaded {', '.join(sorted({str(path) for path in changed}))} in {time.monotonic() - started:.1f} s")


class WebOrPython(PythonFilter):
    def __init__(self) -> None:
        super().__init__(extra_extensions=(".html", ".css", ".js", ".svg", ".json", ".sql", ".png", ".ico"))
