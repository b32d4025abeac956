"""Several texts in one frame, and no frame larger than a client must take.

Law: pure. 1 MiB is the limit that many WebSocket clients come with; a character of UTF-8 has at most four bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

FRAME_CHARS: Final = 250_000


def joined(texts: Iterable[str]) -> Iterator[str]:
    """Frames that hold these texts in their order: one by itself, several as an array."""
    page: list[str] = []
    chars = 0
    for text in texts:
        if page and chars + len(text) > FRAME_CHARS:
            yield _frame(page)
            page, chars = [], 0
        page.append(text)
        chars += len(text) + 1
    if page:
        yield _frame(page)


def fitting(texts: Sequence[str]) -> int:
    """How many of these, from the first on, fit into one frame: at least one."""
    chars = 0
    for number, text in enumerate(texts):
        chars += len(text) + 1
        if number and chars > FRAME_CHARS:
            return number
    return len(texts)


def _frame(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"
