"""A failure as the runtime's own response, where no application stands between."""

from typing import Any

import js

from shared.edge.crypto import make_id
from shared.edge.js import js_object
from shared.errors import ParleyError
from shared.http import problem


def refuse(exc: ParleyError) -> Any:
    """The JavaScript Response with the failure as problem details."""
    response = problem(exc, make_id("req"))
    options = js_object({"status": response.status_code, "headers": dict(response.headers.items())})
    return js.Response.new(bytes(response.body).decode(), options)
