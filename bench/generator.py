"""The load generator's process, seen from Python: a job out, a result in (see load/load.mjs)."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tools.console import ToolError
from tools.setup.layout import Layout
from tools.setup.node import node_of

MAIN: Final = Path(__file__).parent / "load" / "load.mjs"


class Generator:
    """A Node process of its own; nothing of what is measured shares it."""

    def __init__(self, root: Path) -> None:
        command = [node_of(Layout(root)).node, str(MAIN)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, part: str, **job: object) -> dict[str, Any]:
        """Raises ToolError when something was refused, lost, repeated, reordered or changed on its way."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ToolError("the load generator has no pipes")
        self._process.stdin.write(json.dumps({"part": part, "job": job}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = json.loads(line or '{"error": "it ended"}')
        if "error" in answer:
            raise ToolError(f"the load generator, {part}: {answer['error']}")
        return dict(answer["result"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
