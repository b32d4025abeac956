# The SDK's package (PyPI workers-runtime-sdk), what the edge uses of it; our folder `workers/` only shares its name.
from typing import Any

class DurableObject:
    ctx: Any
    env: Any
    def __init__(self, ctx: Any, env: Any) -> None: ...

class WorkerEntrypoint:
    ctx: Any
    env: Any
    def __init__(self, ctx: Any, env: Any) -> None: ...
