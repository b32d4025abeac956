"""What the App works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from app.access import AccessStore
from app.agent_store import AgentStore
from app.infra import Infra
from app.roster_store import RosterStore
from app.settings import AppSettings
from app.sign_in import SignIn
from app.store import Store
from app.usage_store import UsageStore
from app.webhook_store import WebhookStore
from shared.checkup import Checks
from shared.clock import Clock, rfc3339
from shared.ids import MakeId
from shared.log import Log
from shared.ports import Bucket
from shared.webhooks import Delivery, LetGo, ReadDeliveries, Replay


class Outbox(Protocol):
    """What is on its way to the webhooks of an org. All methods raise Unavailable."""

    async def page(self, org_id: str, asked: ReadDeliveries) -> tuple[Delivery, ...]: ...

    async def replay(self, org_id: str, asked: Replay) -> Delivery:
        """Raises NotFound; Conflict for one that was delivered."""
        ...

    async def let_go(self, org_id: str, told: LetGo) -> None: ...


@dataclass(frozen=True)
class AppPorts:
    """`sign_in` is None where no identity provider is configured."""

    settings: AppSettings
    store: Store
    access: AccessStore
    rosters: RosterStore
    agents: AgentStore
    usage: UsageStore
    webhooks: WebhookStore
    outbox: Outbox
    infra: Infra
    archives: Bucket
    sign_in: SignIn | None
    make_id: MakeId
    random_bytes: Callable[[int], bytes]
    clock: Clock
    log: Log
    checks: Checks = field(default_factory=dict)

    def now(self) -> str:
        return rfc3339(self.clock())
