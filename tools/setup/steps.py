"""How set-up skips what it has done: a step has a key made of its inputs, and a stamp that remembers the last key."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.console import Say, unchanged, working


@dataclass(frozen=True)
class Step:
    name: str
    title: str
    key: Callable[[], str]
    output: Path
    run: Callable[[Say], None]


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """One key for texts and file contents; a file that is absent counts as empty."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        if isinstance(content, Path):
            content = content.read_bytes() if content.exists() else b""
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def perform(step: Step, stamps: Path) -> bool:
    """Runs the step unless its output exists and was made from the same inputs. Says whether it ran.

    The stamp goes first and comes back last, so a step that was interrupted runs again.
    """
    stamp = stamps / step.name
    key = step.key()
    if step.output.exists() and stamp.exists() and stamp.read_text() == key:
        unchanged(step.title)
        return False
    stamp.unlink(missing_ok=True)
    with working(step.title) as say:
        step.run(say)
    stamps.mkdir(parents=True, exist_ok=True)
    stamp.write_text(step.key())
    return True
