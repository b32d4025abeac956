"""What all three Workers import: it goes into the warm snapshot of local starts, and is uploaded compiled.

Law: nothing here may use a clock or randomness while it is imported: the runtime has neither at that moment.
"""

from typing import Final

STANDARD_IMPORTS: Final = (
    *("asyncio", "base64", "collections", "contextlib", "dataclasses", "datetime", "enum", "functools", "hashlib"),
    *("hmac", "inspect", "itertools", "json", "logging", "re", "string", "traceback", "typing", "urllib.parse"),
)
PACKAGE_IMPORTS: Final = (
    *("starlette.applications", "starlette.routing", "starlette.requests", "starlette.responses"),
    *("starlette.middleware", "starlette.exceptions", "starlette.datastructures", "starlette.concurrency"),
    # pydantic imports its own parts only as they are asked for.
    *("pydantic.main", "pydantic.fields", "pydantic.types", "pydantic.type_adapter", "pydantic.json_schema"),
    *("pydantic.functional_validators", "pydantic.functional_serializers", "pydantic_core", "jwt"),
    *("pydantic.plugin._loader", "pydantic._internal._dataclasses"),
)
RUNTIME_IMPORTS: Final = ("workers", "pyodide.ffi", "js")
