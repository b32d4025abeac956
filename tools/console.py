"""What the tools print: one readable line per step, with a spinner while it runs where someone is watching."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

# In a log file nobody's terminal sets the width.
_LOG_WIDTH = 110
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _LOG_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Say = Callable[[str], None]


class ToolError(Exception):
    """Something the reader can put right. Its text is one sentence that says what to do; no traceback is shown."""


@contextmanager
def working(title: str) -> Iterator[Say]:
    """Shows that `title` is under way and, when it is through, how long it took; what is said replaces the detail."""
    started = time.monotonic()
    detail = ""
    with out.status(title) as status:

        def say(text: str) -> None:
            nonlocal detail
            detail = text
            status.update(f"{title} [dim]{text}[/dim]")

        yield say
    out.print(f"  [green]✓[/green] {title} [dim]{detail}  {time.monotonic() - started:.1f} s[/dim]")


def unchanged(title: str) -> None:
    out.print(f"  [dim]· {title}, unchanged[/dim]")


def warn(sentence: str) -> None:
    out.print(f"  [yellow]![/yellow] {sentence}", markup=True)


def fail(sentence: str) -> None:
    err.print(f"parley: {sentence}", markup=False)
    sys.exit(1)
