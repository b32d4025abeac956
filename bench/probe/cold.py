"""An entry that imports what a Worker consists of when it is asked: first the packages, then the Worker's own code.

It answers how many milliseconds each took, and how many sources were compiled for it, as JSON lists; and how many
milliseconds a fixed piece of work took just before and after, which tells how fast this machine is right now.
"""

import importlib
import json
from importlib.machinery import SourceFileLoader
from typing import Any, Final

import js

from workers import WorkerEntrypoint

# pydantic imports its own parts only as they are asked for.
PACKAGES: Final = (
    *("pydantic.main", "pydantic.fields", "pydantic.types", "pydantic.type_adapter", "pydantic.functional_validators"),
    *("starlette.applications", "starlette.requests", "starlette.responses", "jwt"),
)


def work_ms() -> float:
    """What imports are made of: dictionaries, attributes, calls."""
    started = js.performance.now()
    for number in range(60):
        made = type(f"Made{number}", (), {f"name{n}": property(str) for n in range(200)})
        sum(len(getattr(made(), f"name{n}")) for n in range(200))
    return float(js.performance.now() - started)


class Default(WorkerEntrypoint):
    async def fetch(self, _request: Any) -> Any:
        found: list[tuple[float, int]] = []
        compiled: list[str] = []
        compile_source = SourceFileLoader.source_to_code

        def counted(self: Any, data: Any, path: Any, *more: Any, **options: Any) -> Any:
            compiled.append(path)
            return compile_source(self, data, path, *more, **options)

        SourceFileLoader.source_to_code = counted  # type: ignore[method-assign]
        work = work_ms()
        for names in (PACKAGES, ("entry",)):
            compiled.clear()
            started = js.performance.now()
            for name in names:
                importlib.import_module(name)
            found.append((js.performance.now() - started, len(compiled)))
        return js.Response.new(json.dumps([*found, work + work_ms()]))
