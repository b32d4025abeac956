"""What stands in front of the SDK's entrypoint, so that `fetch` is called without delay.

Law: speed only; without it everything works as well.
"""

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Any

Fetch = Callable[[Any], Awaitable[Any]]


class Handler:
    """A `fetch` that says at once what it takes.

    The SDK asks for a method's signature before each call, to leave out what it does not take, and remembers the answer
    by method (`relaxed_call` in Pyodide 314.0.6). But each request has an instance of its own and thereby a method of
    its own: it is asked anew each time, which took a fifth of what a request costs. All of these are equal.
    """

    __signature__ = Signature([Parameter("arguments", Parameter.VAR_POSITIONAL)])

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def __call__(self, request: object, *_: object) -> Awaitable[Any]:
        return self._fetch(request)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handler)

    def __hash__(self) -> int:
        return hash(Handler)


class QuickFetch:
    """To be named before WorkerEntrypoint: `class Default(QuickFetch, WorkerEntrypoint)`."""

    fetch: Callable[..., Awaitable[Any]]

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        vars(self)["fetch"] = Handler(self.fetch)
