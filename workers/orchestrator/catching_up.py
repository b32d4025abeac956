"""Telling groups what they were not told.

Law: who belongs and who may come in is changed in the directory first, and then the groups are told. Whoever was to
tell them may have died in between, or a group may not have answered: what is behind stands in the directory, and is
told by the clock. What fails again is in the log, and its turn comes again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from orchestrator.disconnect import disconnect
from orchestrator.ports import OrchestratorPorts
from orchestrator.rosters import renew_roster
from shared.errors import ParleyError

LIMIT: Final = 50
"""So many of each kind at one time: each costs some of the requests that a Worker may make."""
AT_ONCE: Final = 8
PATIENCE_S: Final = 10.0

Tell = Callable[[OrchestratorPorts, str], Awaitable[object]]


async def catch_up(ports: OrchestratorPorts) -> None:
    """Raises Unavailable when the directory cannot be asked."""
    store = ports.store
    await _all(ports, "group", await store.groups_behind(LIMIT), renew_roster)
    await _all(ports, "person", await store.people_behind(LIMIT), disconnect)


async def _all(ports: OrchestratorPorts, kind: str, ids: list[str], tell: Tell) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def told(subject: str) -> None:
        async with places:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await tell(ports, subject)
            except (ParleyError, TimeoutError) as exc:
                ports.log("not_caught_up", kind=kind, id=subject, reason=type(exc).__name__)
            else:
                ports.log("caught_up", kind=kind, id=subject)

    await asyncio.gather(*(told(subject) for subject in ids))
