"""The outboxes of webhooks, one for each org, over their Durable Object namespace."""

import json
from typing import Any, Final

from pydantic import BaseModel
from pyodide.ffi import JsException

from shared.errors import Unavailable, error_of
from shared.trace import TRACE_HEADER
from shared.trace import headers as trace_headers
from shared.webhooks import Accept, Deliveries, Delivery, Forget, ReadDeliveries, Replay

_OK: Final = '{"ok":'


class ObjectOutboxes:
    """All methods raise Unavailable, and the error that the outbox answered."""

    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    async def accept(self, told: Accept) -> None:
        await self._ask(told.org_id, told)

    async def page(self, org_id: str, asked: ReadDeliveries) -> tuple[Delivery, ...]:
        return Deliveries.model_validate_json(await self._ask(org_id, asked)).deliveries

    async def replay(self, org_id: str, asked: Replay) -> Delivery:
        return Delivery.model_validate_json(await self._ask(org_id, asked))

    async def forget(self, org_id: str, webhook_id: str) -> None:
        await self._ask(org_id, Forget(webhook_id=webhook_id))

    async def _ask(self, org_id: str, call: BaseModel) -> str:
        try:
            traced = trace_headers().get(TRACE_HEADER, "")
            text = str(await self._raw.getByName(org_id).answer(call.model_dump_json(), traced))
        except JsException as exc:
            raise Unavailable(reason=f"webhook outbox: {exc}") from exc
        if text.startswith(_OK):
            return text[len(_OK) : -1]
        error = json.loads(text)["error"]
        raise error_of(error["code"], error["message"], error.get("retry_after_ms"))
