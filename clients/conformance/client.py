"""The player: a client under test, which is told what to do and says what it saw.

Law: one JSON object a line, either way; see README.md for what they mean. `Program` is a process with its stdin and
stdout; whatever else can be told and heard may be a `Player`.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

PATIENCE_S: Final = 20.0


_GONE: Final = "the player ended, or printed something else than JSON lines"


class Broken(Exception):
    """The client did not do what the script says; the text tells at which step."""


class Died(Broken):
    """The player is not there any more, or prints something else than JSON lines."""


class Player(ABC):
    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self.gone = asyncio.get_running_loop().create_future()
        self._seen: list[Mapping[str, Any]] = []
        self._taken = 0
        self._changed = asyncio.Event()

    @abstractmethod
    async def do(self, order: Mapping[str, Any]) -> None:
        """Gives an order; does not wait until it is carried out."""

    def heard(self, seen: Mapping[str, Any]) -> None:
        """The player says that it saw this."""
        self._seen.append(seen)
        self._changed.set()

    async def see(self) -> Mapping[str, Any]:
        """The next thing that the client says it saw. Raises Broken."""
        while len(self._seen) == self._taken:
            self._changed.clear()
            try:
                await self.during(self._changed.wait())
            except TimeoutError as exc:
                raise Broken("the client saw nothing more") from exc
        self._taken += 1
        return self._seen[self._taken - 1]

    async def during(self, step: Coroutine[Any, Any, object]) -> None:
        """Waits for what the script does meanwhile. Raises what it raises, TimeoutError, or Died."""
        doing = asyncio.create_task(step)
        try:
            await asyncio.wait((doing, self.gone), timeout=self.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
            elif self.gone.done():
                raise Died(_GONE)
            else:
                raise TimeoutError
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def leave(self) -> list[Mapping[str, Any]]:
        """Ends the client's stay. What it saw and nobody asked for."""
        await self.do({"leave": True})
        unasked: list[Mapping[str, Any]] = []
        while "left" not in (seen := await self.see()):
            unasked.append(seen)
        return unasked


class Program(Player):
    def __init__(self, stdin: asyncio.StreamWriter) -> None:
        super().__init__()
        self._stdin = stdin

    async def do(self, order: Mapping[str, Any]) -> None:
        self._stdin.write(json.dumps(order).encode() + b"\n")

    async def read(self, stdout: asyncio.StreamReader) -> None:
        try:
            async for line in stdout:
                self.heard(json.loads(line))
        except ValueError:
            return  # it prints something else, and is of no use any more
        finally:
            self.gone.set_result(None)


@asynccontextmanager
async def running(command: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Program]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=env)
    assert process.stdin is not None  # noqa: S101 -- it was started with pipes
    assert process.stdout is not None  # noqa: S101
    program = Program(process.stdin)
    reading = asyncio.create_task(program.read(process.stdout))
    try:
        yield program
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await reading
