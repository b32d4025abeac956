"""Asking a Durable Object of ours, see `shared.rpc`."""

from typing import Any

from pydantic import BaseModel
from pyodide.ffi import JsException

from shared.errors import Unavailable
from shared.rpc import reply_in
from shared.trace import TRACE_HEADER, headers


async def ask(namespace: Any, name: str, call: BaseModel) -> str:
    """The reply's JSON. Raises Unavailable, and the error that the object answered."""
    try:
        traced = headers().get(TRACE_HEADER, "")
        answer = str(await namespace.getByName(name).answer(call.model_dump_json(), traced))
    except JsException as exc:
        raise Unavailable(reason=f"{type(call).__name__}: {exc}") from exc
    return reply_in(answer)
