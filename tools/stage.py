"""How the demo looks: chapters, lines of conversation, a text that grows, and a mark behind whatever was checked.

Law: shows and times, decides nothing. Without a terminal the same words come out as plain text.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_COLOURS: Final = ("cyan", "magenta", "green", "blue", "yellow", "bright_red")
_MARGIN: Final = 5
_INDENT: Final = _MARGIN + 2


class StepFailed(Exception):
    """`step` did not hold; `detail` says what was found instead."""

    def __init__(self, step: str, detail: str) -> None:
        super().__init__(f"{step}: {detail}")
        self.step = step
        self.detail = detail


class NotAsPromised(Exception):
    """What a check found."""


def expect(holds: bool, found: str) -> None:
    """Raises NotAsPromised with what was `found` instead."""
    if not holds:
        raise NotAsPromised(found)


class Stage:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._colours: dict[str, str] = {}
        self.checks = 0

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(title, style="bold"), align="left", style="dim"))

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Something that must hold; what is handed out takes a word on what was found. Raises StepFailed."""
        started = time.monotonic()
        found: list[str] = []
        try:
            yield found.append
        except Exception as exc:
            detail = str(exc) if isinstance(exc, NotAsPromised) else f"{type(exc).__name__}: {exc}"
            self._row(("✗", "bold red"), Text.assemble(f"{title}  ", (detail, "red")))
            raise StepFailed(title, detail) from exc
        self.checks += 1
        aside = " · ".join([*found, f"{(time.monotonic() - started) * 1000:.0f}\u00a0ms"])
        self._row(("✓", "green"), Text.assemble(f"{title}  ", (aside, "dim")))

    def said(self, name: str, seq: int, text: str) -> None:
        self._row((f"#{seq}", "dim"), Text.assemble(self._name(name), "  ", text))

    def aside(self, text: str) -> None:
        self._row(("", ""), Text(text, style="italic dim"))

    async def speaks(self, name: str, pieces: AsyncIterator[str]) -> int:
        """Shows a text while it comes. The number of pieces."""
        self._row(("…", "dim"), Text.assemble(self._name(name), ("  answers", "dim")))
        return await (self._live(pieces) if self._console.is_terminal else self._plain(pieces))

    async def _live(self, pieces: AsyncIterator[str]) -> int:
        text, count = "", 0
        with Live(console=self._console, refresh_per_second=20) as live:
            async for piece in pieces:
                text, count = text + piece, count + 1
                live.update(Padding(Markdown(text), (0, 2, 0, _INDENT)))
        return count

    async def _plain(self, pieces: AsyncIterator[str]) -> int:
        count = 0
        self._console.print(" " * _INDENT, end="")
        async for piece in pieces:
            count += 1
            self._console.print(Text(piece.replace("\n", "\n" + " " * _INDENT)), end="", soft_wrap=True)
        self._console.print()
        return count

    def close(self, summary: str) -> None:
        self._console.print()
        self._console.print(Rule(style="dim"))
        self._console.print(Text.assemble(" " * _INDENT, ("Everything held. ", "bold green"), summary))

    def _row(self, mark: tuple[str, str], text: Text) -> None:
        """A mark in the margin, and text beside it that wraps beside it too."""
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=_MARGIN, justify="right", no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(Text(*mark), text)
        self._console.print(row)

    def _name(self, name: str) -> tuple[str, str]:
        colour = self._colours.setdefault(name, _COLOURS[len(self._colours) % len(_COLOURS)])
        return name, f"bold {colour}"
