"""Running an agent that is a Python function, tools included.

Law: nothing of the function is kept while it waits for a tool, since the answer may come in another request. It is
stopped where it asks, and called again from its beginning once the result is there; what it had said by then is not
said twice. A function that does something else the second time has failed.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from agents.providers import Ask, ToolCalls
from agents.tools import Call, Round
from agents.turn import Answer, Turn


class _Wants(BaseException):
    """Ends a function that needs a result it does not have yet; no `except Exception` of its own holds it back."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.name)
        self.call = call


class _Changed(BaseException):
    """Ends a function that does something else than before, past its own `except Exception` too."""


class Unsteady(Exception):
    """An agent that was called again did something else than before."""


async def answered(answer: Answer, ask: Ask) -> AsyncGenerator[str | ToolCalls]:
    """What `answer` says beyond what it has said, and at last the tool it wants, if any."""
    already = sum(len(entry.text) for entry in ask.rounds)
    try:
        async with aclosing(_pieces(answer, Turn(ask.request, _Replay(ask.rounds).use))) as pieces:
            async for piece in pieces:
                fresh, already = piece[already:], max(0, already - len(piece))
                if fresh:
                    yield fresh
    except _Wants as wants:
        yield ToolCalls((wants.call,))
    except _Changed as exc:
        raise Unsteady(str(exc)) from exc


async def _pieces(answer: Answer, turn: Turn) -> AsyncGenerator[str]:
    said = answer(turn)
    if isinstance(said, AsyncGenerator):
        async with aclosing(said):
            async for piece in said:
                yield piece
    elif isinstance(said, AsyncIterator):
        async for piece in said:
            yield piece
    else:
        yield await said


class _Replay:
    def __init__(self, rounds: Sequence[Round]) -> None:
        self._used: Iterator[tuple[Call, str]] = (
            (call, entry.results[call.id]) for entry in rounds for call in entry.calls
        )

    def use(self, name: str, arguments: dict[str, Any]) -> str:
        args = to_json(arguments).decode()
        call, result = next(self._used, (None, ""))
        if call is None:
            raise _Wants(Call(id="", name=name, args=args))
        if (call.name, call.args) != (name, args):
            raise _Changed(f"{call.name} became {name}")
        return result
