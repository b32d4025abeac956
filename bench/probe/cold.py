"""An entry that imports a Worker's real one when it is asked, and answers how many milliseconds that took."""

import importlib
from typing import Any

import js

from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, _request: Any) -> Any:
        started = js.performance.now()
        importlib.import_module("entry")
        return js.Response.new(str(js.performance.now() - started))
