"""The client under test: a program that is told what to do on its stdin and says on its stdout what it saw.

Law: one JSON object a line, either way; see README.md for what they mean.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

PATIENCE_S: Final = 20.0


_GONE: Final = "the player ended, or printed something else than JSON lines"


class Broken(Exception):
    """The client did not do what the script says; the text tells at which step."""


class Died(Broken):
    """The client's program is not there any more, or prints something else than JSON lines."""


class Client:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._seen: list[Mapping[str, Any]] = []
        self._taken = 0
        self._changed = asyncio.Condition()
        self._over = False
        self._reading = asyncio.create_task(self._read())

    def do(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101 -- it was started with a pipe
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def during(self, step: Coroutine[Any, Any, None]) -> None:
        """Waits for what the script does meanwhile. Raises what it raises, TimeoutError, or Died."""
        doing = asyncio.create_task(step)
        try:
            await asyncio.wait((doing, self._reading), timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            if self._over:
                raise Died(_GONE)
            raise TimeoutError
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def see(self) -> Mapping[str, Any]:
        """The next thing that the client says it saw. Raises Broken."""
        try:
            async with asyncio.timeout(PATIENCE_S), self._changed:
                await self._changed.wait_for(lambda: len(self._seen) > self._taken or self._over)
        except TimeoutError as exc:
            raise Broken("the client saw nothing more") from exc
        if len(self._seen) == self._taken:
            raise Died(_GONE)
        self._taken += 1
        return self._seen[self._taken - 1]

    async def leave(self) -> list[Mapping[str, Any]]:
        """Ends the client's stay. What it saw and nobody asked for."""
        self.do({"leave": True})
        unasked: list[Mapping[str, Any]] = []
        while "left" not in (seen := await self.see()):
            unasked.append(seen)
        return unasked

    async def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- it was started with a pipe
        try:
            async for line in self._process.stdout:
                async with self._changed:
                    self._seen.append(json.loads(line))
                    self._changed.notify_all()
        except ValueError:
            self._process.kill()
        async with self._changed:
            self._over = True
            self._changed.notify_all()


@asynccontextmanager
async def running(command: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Client]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=env)
    client = Client(process)
    try:
        yield client
    finally:
        assert process.stdin is not None  # noqa: S101 -- it was started with a pipe
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await client._reading  # noqa: SLF001 -- its own task
