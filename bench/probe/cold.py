"""An entry that imports what a Worker consists of when it is asked: first the packages, then the Worker's own code.

It answers how many milliseconds each took, as a JSON list.
"""

import importlib
import json
from typing import Any, Final

import js

from workers import WorkerEntrypoint

# pydantic imports its own parts only as they are asked for.
PACKAGES: Final = (
    *("pydantic.main", "pydantic.fields", "pydantic.types", "pydantic.type_adapter", "pydantic.functional_validators"),
    *("starlette.applications", "starlette.requests", "starlette.responses", "jwt"),
)


class Default(WorkerEntrypoint):
    async def fetch(self, _request: Any) -> Any:
        times = [js.performance.now()]
        for names in (PACKAGES, ("entry",)):
            for name in names:
                importlib.import_module(name)
            times.append(js.performance.now())
        return js.Response.new(json.dumps([times[1] - times[0], times[2] - times[1]]))
