"""What every Worker's edge does: build its API once, answer with it, refuse clearly when it cannot be built."""

from collections.abc import Callable
from typing import Any

import js
from starlette.types import ASGIApp

from shared.edge.asgi import serve
from shared.edge.crypto import make_id
from shared.edge.js import now_ms
from shared.errors import Misconfigured
from shared.http import Api, problem
from shared.log import Log


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


class Application:
    """One Worker's application, built at its first request: before that there is no entropy and no clock."""

    def __init__(self, worker: str, build: Callable[[Environment, Log], Api[Any]]) -> None:
        self._build = build
        self.log = Log(js.console.log, now_ms, worker)
        self._asgi: ASGIApp | None = None

    async def serve(self, request: Any, env: Any, ctx: Any) -> Any:
        """The JavaScript Response to a JavaScript Request."""
        if self._asgi is None:
            try:
                self._asgi = self._build(Environment(env), self.log).asgi()
            except Misconfigured as exc:
                self.log("misconfigured", reason=exc.reason)
                return await serve(problem(exc, make_id("req")), request, ctx.waitUntil)
        return await serve(self._asgi, request, ctx.waitUntil)
