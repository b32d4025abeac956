"""Closing a person's sockets in all their groups, once something that let them in was taken away.

Law: the directory says how they stand; a group that cannot be reached stops none of the others, and is told of.
"""

import asyncio
from typing import Final

from durable_objects.calls import Disconnect
from orchestrator.ports import OrchestratorPorts
from shared.clock import rfc3339
from shared.errors import NotFound, ParleyError, Unavailable

AT_ONCE: Final = 20
PATIENCE_S: Final = 5.0


async def disconnect(ports: OrchestratorPorts, user_id: str) -> int:
    """In how many groups that was done. Raises NotFound, and Unavailable when it was not done everywhere."""
    access = await ports.store.access(user_id, rfc3339(ports.clock()))
    if access is None:
        raise NotFound
    call = Disconnect(user_id=user_id, access_version=access.version, code=4001 if access.may_return else 4503)
    group_ids = await ports.store.open_groups_of(user_id)
    places = asyncio.Semaphore(AT_ONCE)

    async def tell(group_id: str) -> bool:
        async with places:
            return await _told(ports, group_id, call)

    done = sum(await asyncio.gather(*(tell(group_id) for group_id in group_ids)))
    if done < len(group_ids):
        raise Unavailable(
            "The change counts, but not all open connections are closed yet; that is tried again every minute",
            reason=f"{len(group_ids) - done} of {len(group_ids)} groups did not hear of a disconnect",
        )
    await ports.store.access_told(user_id, access.version)
    return done


async def _told(ports: OrchestratorPorts, group_id: str, call: Disconnect) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ports.controllers.ask(group_id, call)
    except (ParleyError, TimeoutError) as exc:
        ports.log("disconnect_failed", group_id=group_id, reason=type(exc).__name__)
        return False
    return True
