"""The `Controllers` port over the Durable Object namespace: RPC for calls, fetch for sockets.

Law: translation only; the Orchestrator has verified the caller before anything comes here.
"""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import js
from pyodide.ffi import JsException

from durable_objects.calls import ControllerCall
from durable_objects.run_readers import READ_HEADER
from durable_objects.upgrade import CLAIMS_HEADER, SUBPROTOCOL_HEADER
from orchestrator.admission import Admission
from shared.edge.js import js_object
from shared.edge.r2 import chunks_of
from shared.edge.rpc import ask
from shared.errors import Unavailable, error_of
from shared.trace import headers as trace_headers


class ObjectControllers:
    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    def controller_id(self, group_id: str) -> str:
        return str(self._raw.idFromName(group_id))

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        return await ask(self._raw, group_id, call)

    async def read_run(self, group_id: str, user_id: str, run_id: str, offset: int) -> AsyncIterator[bytes]:
        headers = {**trace_headers(), READ_HEADER: f"{user_id} {run_id} {offset}"}
        request = js.Request.new("https://group-controller/run", js_object({"headers": headers}))
        try:
            response = await self._raw.getByName(group_id).fetch(request)
            if response.status != HTTPStatus.OK:
                problem = json.loads(await response.text())
                raise error_of(problem["code"], problem["detail"])
        except JsException as exc:
            raise Unavailable(reason=f"group controller: {exc}") from exc
        return chunks_of(response.body)

    async def connect(self, group_id: str, admission: Admission) -> Any:
        """The raw response to an admitted upgrade, socket and all."""
        headers = {**trace_headers(), "Upgrade": "websocket", CLAIMS_HEADER: json.dumps(admission.claims.model_dump())}
        if admission.subprotocol is not None:
            headers[SUBPROTOCOL_HEADER] = admission.subprotocol
        request = js.Request.new("https://group-controller/socket", js_object({"headers": headers}))
        return await self._raw.getByName(group_id).fetch(request)
