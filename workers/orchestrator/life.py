"""Groups that live again, and groups that go for good.

Law: the group's controller decides and keeps; the directory follows it. A call that was cut off is asked again: it
finds done what was done.
"""

from typing import Literal

from durable_objects.calls import DeleteGroup, Life, OpenSession, Restore
from orchestrator.api import AppCall, Reason, endpoints
from orchestrator.api import InternalModel as Model
from orchestrator.sessions import note_opened, prepared_session
from orchestrator.store import GroupRow
from shared.errors import Conflict, GroupArchiving, InvalidBody, InvalidCredential, NotFound, Unavailable
from shared.ids import UserId
from shared.protocol import Actor

_ERRORS = (InvalidCredential, NotFound, Conflict, InvalidBody, Unavailable)


class LifeRequest(Model):
    user_id: UserId
    reason: Reason


class LifeStatus(Model):
    status: Literal["active", "deleted"]


@endpoints.add("POST", "/infra/groups/{group_id}/restore", auth="app", errors=_ERRORS)
async def restore_group(call: AppCall, body: LifeRequest) -> LifeStatus:
    """An archived group lives again, where its log ended; asked of an active one, nothing changes."""
    store = call.ports.store
    group, by = await _group_and_person(call, body.user_id)
    if group.status == "deleted":
        raise NotFound
    if group.status == "archiving":
        raise GroupArchiving
    archived = await store.archived(group.id)
    if archived is not None:
        opening = await prepared_session(call.ports, group.id)
        ask = Restore(by=by, reason=body.reason, r2_path=archived[1], head=archived[2], opening=opening)
        life = await _told(call, group.id, ask, opening)
        if life.status == "archiving":
            raise GroupArchiving
        if life.status != "active":
            raise NotFound
        await store.set_restored(group.id, archived[1])
    return LifeStatus(status="active")


@endpoints.add("POST", "/infra/groups/{group_id}/delete", auth="app", errors=_ERRORS)
async def delete_group(call: AppCall, body: LifeRequest) -> LifeStatus:
    """Archives a group if that was not done yet, then deletes log and archives. What is left says that it was here."""
    group, by = await _group_and_person(call, body.user_id)
    if group.status != "deleted":
        opening = await prepared_session(call.ports, group.id)
        await _told(call, group.id, DeleteGroup(by=by, reason=body.reason, opening=opening), opening)
    return LifeStatus(status="deleted")


async def _told(call: AppCall, group_id: str, ask: Restore | DeleteGroup, opening: OpenSession) -> Life:
    life = Life.model_validate_json(await call.ports.controllers.ask(group_id, ask))
    await note_opened(call.ports, group_id, opening)
    return life


async def _group_and_person(call: AppCall, user_id: str) -> tuple[GroupRow, Actor]:
    """Raises NotFound for a group that was never opened, and for a person of another org."""
    group = await call.ports.store.group(call.path["group_id"])
    if group is None or group.status == "pending":
        raise NotFound
    name = await call.ports.store.name_of(group.org_id, user_id)
    if name is None:
        raise NotFound
    return group, Actor(kind="user", id=user_id, name=name)
