"""What one person said, over all the groups they ever were in: taken out, or read out.

Law: the directory says which groups these are, each group does its own. One that cannot be reached stops none of the
others: it is named, and is asked again with the next call.
"""

import asyncio
from typing import Annotated, Final

from pydantic import Field

from durable_objects.calls import ArchivedLog, AuthoredPage, ErasePerson, ReadAuthored
from orchestrator.api import AppCall, endpoints
from orchestrator.api import InternalModel as Model
from orchestrator.ports import OrchestratorPorts
from orchestrator.sessions import note_opened, prepared_session, roster_of
from shared.clock import rfc3339
from shared.errors import InvalidBody, InvalidCredential, NotFound, ParleyError, Unavailable
from shared.ids import UserId
from shared.protocol import SYSTEM, Actor

AT_ONCE: Final = 8
PATIENCE_S: Final = 25.0
"""An archive of 100,000 messages is rewritten in about a third of it; whoever needs longer goes on by its alarm."""
GROUPS_LIMIT: Final = 100
"""So many groups does one call go to: each costs some of the requests that a Worker may make."""


class ErasureRequest(Model):
    """`by`: who wants it, unless it is the person themself."""

    by: UserId | None = None


class Erased(Model):
    """`pending`: groups that still have this person's words. Some are asked only by the next call."""

    groups: int
    pending: tuple[str, ...]


class AuthoredRequest(Model):
    user_id: UserId
    after: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=200)]


@endpoints.add(
    "POST",
    "/infra/people/{user_id}/erase",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def erase_person(call: AppCall, body: ErasureRequest) -> Erased:
    """Take a person's words and name out of every group they were in. The directory has let go of them before."""
    ports, user_id = call.ports, call.path["user_id"]
    org_id = await ports.store.org_of_erased(user_id)
    if org_id is None:
        raise NotFound
    by = await _by(ports, org_id, body.by) if body.by != user_id else SYSTEM
    waiting = await ports.store.groups_to_erase(user_id)
    places = asyncio.Semaphore(AT_ONCE)

    async def left(group_id: str) -> str | None:
        async with places:
            return None if await _erased(ports, group_id, user_id, by) else group_id

    asked = waiting[:GROUPS_LIMIT]
    pending = [one for one in await asyncio.gather(*map(left, asked)) if one is not None]
    return Erased(groups=len(asked) - len(pending), pending=(*pending, *waiting[GROUPS_LIMIT:]))


@endpoints.add(
    "POST",
    "/infra/groups/{group_id}/authored",
    auth="app",
    errors=(InvalidCredential, NotFound, InvalidBody, Unavailable),
)
async def read_authored(call: AppCall, body: AuthoredRequest) -> AuthoredPage:
    """A page of what one person said in a group, in it or not any more."""
    ask = ReadAuthored(user_id=body.user_id, after=body.after, limit=body.limit)
    return AuthoredPage.model_validate_json(await _asked(call.ports, call.path["group_id"], ask))


async def _asked(ports: OrchestratorPorts, group_id: str, ask: ReadAuthored) -> str:
    """A controller that knows nothing of its group may have lost the log: it is told where the archive lies."""
    try:
        return await ports.controllers.ask(group_id, ask)
    except NotFound:
        archive = await _archive_of(ports, group_id)
        if archive is None:
            raise
    return await _tell(ports, group_id, ask.model_copy(update={"archive": archive}))


async def _by(ports: OrchestratorPorts, org_id: str, user_id: str | None) -> Actor:
    """Who wants it; the system for somebody whom this org does not know."""
    name = await ports.store.name_of(org_id, user_id or "")
    return SYSTEM if name is None else Actor(kind="user", id=str(user_id), name=name)


async def _erased(ports: OrchestratorPorts, group_id: str, user_id: str, by: Actor) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await _erase(ports, group_id, user_id, by)
    except (ParleyError, TimeoutError) as exc:
        ports.log("erasure_pending", group_id=group_id, reason=type(exc).__name__)
        return False
    await ports.store.set_erased(user_id, group_id, rfc3339(ports.clock()))
    return True


async def _erase(ports: OrchestratorPorts, group_id: str, user_id: str, by: Actor) -> None:
    roster, archive = await roster_of(ports, group_id), await _archive_of(ports, group_id)
    await _tell(ports, group_id, ErasePerson(user_id=user_id, by=by, roster=roster, archive=archive))


async def _tell(ports: OrchestratorPorts, group_id: str, call: ErasePerson | ReadAuthored) -> str:
    """The session that goes with an archive counts once the controller has it."""
    answer = await ports.controllers.ask(group_id, call)
    if call.archive is not None:
        await note_opened(ports, group_id, call.archive.opening)
    return answer


async def _archive_of(ports: OrchestratorPorts, group_id: str) -> ArchivedLog | None:
    archived = await ports.store.archived(group_id)
    if archived is None:
        return None
    return ArchivedLog(r2_path=archived[1], head=archived[2], opening=await prepared_session(ports, group_id))
