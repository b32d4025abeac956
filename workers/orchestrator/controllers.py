"""The `Controllers` port over the Durable Object namespace: RPC for calls, fetch for sockets.

Law: translation only; the Orchestrator has verified the caller before anything comes here.
"""

import json
from typing import Any, Final

import js
from pyodide.ffi import JsException

from durable_objects.calls import ControllerCall
from durable_objects.upgrade import CLAIMS_HEADER, SUBPROTOCOL_HEADER
from orchestrator.admission import Admission
from shared.edge.js import js_object
from shared.errors import Unavailable, error_of

_OK: Final = '{"ok":'


class ObjectControllers:
    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    def controller_id(self, group_id: str) -> str:
        return str(self._raw.idFromName(group_id))

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        try:
            text = str(await self._raw.getByName(group_id).answer(call.model_dump_json()))
        except JsException as exc:
            raise Unavailable(reason=f"group controller: {exc}") from exc
        if text.startswith(_OK):
            return text[len(_OK) : -1]
        error = json.loads(text)["error"]
        raise error_of(error["code"], error["message"], error.get("retry_after_ms"))

    async def connect(self, group_id: str, admission: Admission) -> Any:
        """The raw response to an admitted upgrade, socket and all."""
        headers = {"Upgrade": "websocket", CLAIMS_HEADER: json.dumps(admission.claims.model_dump())}
        if admission.subprotocol is not None:
            headers[SUBPROTOCOL_HEADER] = admission.subprotocol
        request = js.Request.new("https://group-controller/socket", js_object({"headers": headers}))
        return await self._raw.getByName(group_id).fetch(request)
