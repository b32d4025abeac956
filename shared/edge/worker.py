"""What every Worker's edge does: build its API once, answer with it, refuse clearly when it cannot be built.

Law: wiring only; what an API is made of is each Worker's own.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import js
from starlette.types import ASGIApp

from shared.edge.asgi import serve
from shared.edge.crypto import make_id
from shared.edge.js import now_ms
from shared.errors import Misconfigured
from shared.http import Api, problem
from shared.log import Log

W = TypeVar("W")


class Environment:
    """The bindings, variables and secrets of one Worker."""

    def __init__(self, env: Any) -> None:
        self._env = getattr(env, "_env", env)

    def text(self, name: str) -> str | None:
        value = getattr(self._env, name, None)
        return value if isinstance(value, str) else None

    def optional(self, name: str) -> Any:
        """The raw JavaScript binding, None when wrangler.toml does not give it."""
        return getattr(self._env, name, None)

    def binding(self, name: str) -> Any:
        """The raw JavaScript binding. Raises Misconfigured when wrangler.toml does not give it."""
        value = self.optional(name)
        if value is None:
            raise Misconfigured(reason=f"binding {name} is missing; see wrangler.toml")
        return value


def log_of(worker: str) -> Log:
    """Lines of the runtime's own log, which keeps them by Worker."""
    return Log(js.console.log, now_ms, worker)


class Application(Generic[W]):
    """One Worker's application, built at its first request: before that there is no entropy and no clock."""

    def __init__(self, worker: str, build: Callable[[Environment, Log], Api[W]]) -> None:
        self._build = build
        self.log = log_of(worker)
        self._api: Api[W] | None = None
        self._asgi: ASGIApp | None = None

    async def serve(self, request: Any, env: Any, ctx: Any) -> Any:
        """The JavaScript Response to a JavaScript Request."""
        try:
            api = self._built(env)
        except Misconfigured as exc:
            self.log("misconfigured", reason=exc.reason)
            return await serve(problem(exc, make_id("req")), request, ctx.waitUntil)
        self._asgi = self._asgi or api.asgi()
        response = await serve(self._asgi, request, ctx.waitUntil)
        api.metrics.flush()
        return response

    def ports(self, env: Any) -> W:
        """What this Worker works with, for what happens without a request. Raises Misconfigured."""
        return self._built(env).ports

    def _built(self, env: Any) -> Api[W]:
        if self._api is None:
            self._api = self._build(Environment(env), self.log)
        return self._api
