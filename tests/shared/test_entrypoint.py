"""The SDK's way of calling a handler (Pyodide's `relaxed_call`), and what it remembers of ours."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from inspect import signature

from shared.entrypoint import Handler, QuickFetch


class Sdk:
    """An entrypoint as the SDK has it, one for each request."""

    def __init__(self, ctx: str, env: str) -> None:
        self.ctx, self.env = ctx, env


class Default(QuickFetch, Sdk):
    async def fetch(self, request: str) -> str:
        return f"{request} with {self.env}"


async def test_each_request_is_handled_by_its_own_instance_and_the_signature_is_looked_at_once() -> None:
    looked_at = lru_cache(signature)
    for number in range(3):
        default = Default("ctx", f"env{number}")
        fetch: Callable[..., Awaitable[str]] = default.fetch
        looked_at(fetch)
        assert await fetch("request", "env as the runtime gives it", "ctx") == f"request with env{number}"
    assert looked_at.cache_info().misses == 1


def test_a_handler_is_like_no_other_thing() -> None:
    handler = Handler(Default("ctx", "env").fetch)
    assert handler == Handler(Default("ctx", "other").fetch)
    assert handler != handler.__call__
