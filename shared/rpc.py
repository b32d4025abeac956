"""A call of a Durable Object: one JSON text there, one back, `{"ok": …}` or `{"error": …}`.

Law: pure. JavaScript's RPC keeps an exception's text and loses its class, so a failure crosses as a value.
"""

import json
from typing import Final

from shared.errors import ParleyError, error_of
from shared.replies import ErrorBody

_OK: Final = '{"ok":'


def granted(reply: str) -> str:
    """`reply` is JSON."""
    return f"{_OK}{reply}}}"


def refused(exc: ParleyError) -> str:
    return f'{{"error":{ErrorBody.of(exc).model_dump_json()}}}'


def reply_in(answer: str) -> str:
    """The reply's JSON. Raises the error that was answered, as ours."""
    if answer.startswith(_OK):
        return answer[len(_OK) : -1]
    error = json.loads(answer)["error"]
    raise error_of(error["code"], error["message"], error.get("retry_after_ms"))
