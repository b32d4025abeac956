"""The outboxes of webhooks, one for each org, over their Durable Object namespace."""

from typing import Any

from shared.edge.rpc import ask
from shared.webhooks import Accept, Deliveries, Delivery, LetGo, ReadDeliveries, Replay


class ObjectOutboxes:
    """All methods raise Unavailable, and the error that the outbox answered."""

    def __init__(self, namespace: Any) -> None:
        self._raw = namespace

    async def accept(self, told: Accept) -> None:
        await ask(self._raw, told.org_id, told)

    async def page(self, org_id: str, asked: ReadDeliveries) -> tuple[Delivery, ...]:
        return Deliveries.model_validate_json(await ask(self._raw, org_id, asked)).deliveries

    async def replay(self, org_id: str, asked: Replay) -> Delivery:
        return Delivery.model_validate_json(await ask(self._raw, org_id, asked))

    async def let_go(self, org_id: str, told: LetGo) -> None:
        await ask(self._raw, org_id, told)
