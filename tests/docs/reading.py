"""The documents of this checkout, as their tests read them: fenced blocks, inline code, links."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.layout.sources import ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    document: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}: {self.text.strip().splitlines()[0][:60]}"


@dataclass(frozen=True)
class Document:
    path: str

    @property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    def blocks(self, *languages: str) -> list[Block]:
        found = [Block(self.path, language, text) for language, text in _FENCE.findall(self.text)]
        return [block for block in found if not languages or block.language in languages]

    def inline(self) -> list[str]:
        return _CODE.findall(_FENCE.sub("", self.text))

    def links(self) -> list[str]:
        return _LINK.findall(_FENCE.sub("", self.text))

    def anchors(self) -> set[str]:
        """The names GitHub gives to headings."""
        plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(_FENCE.sub("", self.text)))
        return {title.strip().replace(" ", "-") for title in plain}


@cache
def documents() -> list[Document]:
    """Every Markdown file that is part of this checkout."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return [Document(path) for path in sorted(listed.split()) if is_ours(path)]


def is_ours(path: str) -> bool:
    return (ROOT / path).exists() and "node_modules" not in Path(path).parts


def blocks(*languages: str) -> list[Block]:
    return [block for document in documents() for block in document.blocks(*languages)]


def command_lines() -> list[tuple[str, str]]:
    """(document, command) for every line of a block without a language, or of a shell's, that begins like a command."""
    found = []
    for block in blocks("", "sh", "bash", "shell", "console"):
        for line in block.text.replace("\\\n", " ").splitlines():
            command = line.removeprefix("$ ").split("  #")[0].split(" # ")[0].strip()
            if command.split(" ")[0] in STARTS:
                found.append((block.document, command))
    for path in AUTOMATED:
        runs = re.findall(r"^(?:\s*- run: )?(make .*)$", (ROOT / path).read_text(), re.MULTILINE)
        found += [(path, command) for command in runs]
    for document in documents():
        found += [(document.path, code) for code in document.inline() if code.split(" ")[0] in STARTS]
    return sorted(set(found))


AUTOMATED = (".ci/run", ".github/workflows/check.yml", ".github/workflows/deploy.yml")
STARTS = (
    "make",
    "npx",
    "python",
    "python3",
    ".venv/bin/python",
    ".venv/bin/parley",
    "parley",
    "pip",
    "node",
    "curl",
    "git",
)


def path_of(text: str) -> Path | None:
    """What inline code names of this checkout, when it looks like a path."""
    if not re.fullmatch(r"[\w./*-]+", text) or "/" not in text:
        return None
    top = text.split("/", maxsplit=1)[0]
    return ROOT / text if (ROOT / top).is_dir() and top not in ("", ".", "..") else None
