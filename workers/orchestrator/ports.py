"""What the Orchestrator works with: its keys, its store, the groups it hosts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from durable_objects.calls import ControllerCall
from orchestrator.store import Store
from shared.checkup import Checks
from shared.clock import Clock, rfc3339
from shared.jwks import OwnKeys
from shared.keys import KeySet, PrivateKey, PublicKey
from shared.log import Log
from shared.signing import Verifier
from shared.tokens import Tokens


class Controllers(Protocol):
    """The Group Controllers, one for each group."""

    def controller_id(self, group_id: str) -> str:
        """The id of a group's controller: always the same one."""
        ...

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        """The answer as JSON text. Raises the ParleyError that the controller answered, or Unavailable."""
        ...

    async def read_run(self, group_id: str, user_id: str, run_id: str, offset: int) -> AsyncIterator[bytes]:
        """A run's frames, one a line, while they come. Raises as `ask`."""
        ...


class RateLimit(Protocol):
    """How often a person may ask for routing tokens themselves, counted over all isolates."""

    async def take(self, user_id: str) -> None:
        """Raises TooManyRequests, saying when to come back; Unavailable when it cannot be counted."""
        ...


class AppKeys:
    """The `AppKeySource` over the directory."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def app_key(self, kid: str) -> tuple[str, PublicKey] | None:
        return await self._store.app_key(kid, rfc3339(self._clock()))


@dataclass(frozen=True)
class OrchestratorPorts:
    store: Store
    tokens: Tokens
    verifier: Verifier
    app_keys: AppKeys
    own_keys: OwnKeys
    signing_key: PrivateKey
    published: KeySet
    controllers: Controllers
    rate_limit: RateLimit
    has_archive: Callable[[str], Awaitable[bool]]
    """Whether there is an object of this key. Raises Unavailable."""
    new_private_key: Callable[[], Awaitable[PrivateKey]]
    new_jti: Callable[[], str]
    clock: Clock
    log: Log
    checks: Checks = field(default_factory=dict)
