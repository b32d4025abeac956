"""Telling groups that the directory changed, when one change concerns many of them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from app.ports import AppPorts
from shared.errors import ParleyError, Unavailable

AT_ONCE: Final = 8


async def renew_rosters(ports: AppPorts, group_ids: Sequence[str]) -> None:
    """Every group reads its roster anew; one that cannot stops none of the others. Raises Unavailable at the end."""
    places = asyncio.Semaphore(AT_ONCE)

    async def told(group_id: str) -> bool:
        async with places:
            try:
                await ports.infra.renew_roster(group_id)
            except ParleyError as exc:
                ports.log("roster_not_renewed", group_id=group_id, reason=exc.reason)
                return False
            return True

    done = sum(await asyncio.gather(*(told(group_id) for group_id in group_ids)))
    if done < len(group_ids):
        raise Unavailable(
            "The change counts, but not all groups know of it yet; they are told again every minute",
            reason=f"{len(group_ids) - done} of {len(group_ids)} groups did not hear of a change",
        )
