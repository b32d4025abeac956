"""Who is in a group: people and agents. Every change reaches the group's sockets at once."""

from typing import Literal

from app.api import Model, PersonCall, endpoints
from app.groups import GroupMember, find_group, require_active, require_owner
from app.store import GroupRow
from shared.errors import (
    Conflict,
    Forbidden,
    InvalidBody,
    InvalidCredential,
    NotFound,
    Unavailable,
)
from shared.ids import AgentId, UserId


class NewMember(Model):
    user_id: UserId
    role: Literal["owner", "member"] = "member"


class NewGroupAgent(Model):
    agent_id: AgentId


class Done(Model):
    status: Literal["ok"] = "ok"


_ERRORS = (InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable)


@endpoints.add("POST", "/groups/{group_id}/members", auth="person", status=201, errors=_ERRORS)
async def add_member(call: PersonCall, body: NewMember) -> GroupMember:
    """Add a person of the org, or change the role of one who is in. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    person = await call.ports.store.person(call.caller.org_id, body.user_id)
    if person is None:
        raise NotFound("There is no such person in your org")
    if body.role != "owner":
        await _keep_an_owner(call, group, body.user_id)
    await call.ports.store.set_member(group.id, person.id, body.role, call.ports.now())
    await call.ports.infra.renew_roster(group.id)
    return GroupMember(user_id=person.id, name=person.name, role=body.role)


@endpoints.add("POST", "/groups/{group_id}/join", auth="person", status=201, errors=_ERRORS)
async def join(call: PersonCall) -> GroupMember:
    """Join a public group of your org."""
    group = await find_group(call)
    require_active(group)
    if group.my_role is None:
        await call.ports.store.set_member(group.id, call.caller.id, "member", call.ports.now())
        await call.ports.infra.renew_roster(group.id)
    role: Literal["owner", "member"] = "owner" if group.my_role == "owner" else "member"
    return GroupMember(user_id=call.caller.id, name=call.caller.name, role=role)


@endpoints.add("DELETE", "/groups/{group_id}/members/{user_id}", auth="person", errors=_ERRORS)
async def remove_member(call: PersonCall) -> Done:
    """Remove a member, or leave. Owners remove anyone; a group keeps at least one owner."""
    group = await find_group(call)
    user_id = call.path["user_id"]
    if user_id != call.caller.id:
        require_owner(group)
    require_active(group)
    if user_id not in {member.user_id for member in await call.ports.store.members(group.id)}:
        raise NotFound("There is no such member")
    await _keep_an_owner(call, group, user_id)
    await call.ports.store.remove_member(group.id, user_id)
    await call.ports.infra.renew_roster(group.id)
    return Done()


@endpoints.add("POST", "/groups/{group_id}/agents", auth="person", status=201, errors=_ERRORS)
async def add_agent(call: PersonCall, body: NewGroupAgent) -> Done:
    """Bring an agent of the org into the group. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    if not await call.ports.store.known_agents(call.caller.org_id, [body.agent_id]):
        raise NotFound("There is no such agent in your org")
    await call.ports.store.add_agent(group.id, body.agent_id)
    await call.ports.infra.renew_roster(group.id)
    return Done()


@endpoints.add("DELETE", "/groups/{group_id}/agents/{agent_id}", auth="person", errors=_ERRORS)
async def remove_agent(call: PersonCall) -> Done:
    """Send an agent out of the group. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    if call.path["agent_id"] not in {agent.id for agent in await call.ports.store.agents_in(group.id)}:
        raise NotFound("There is no such agent in this group")
    await call.ports.store.remove_agent(group.id, call.path["agent_id"])
    await call.ports.infra.renew_roster(group.id)
    return Done()


async def _keep_an_owner(call: PersonCall, group: GroupRow, leaving: str) -> None:
    """Raises Conflict when the group would be left without an owner."""
    owners = {member.user_id for member in await call.ports.store.members(group.id) if member.role == "owner"}
    if owners == {leaving}:
        raise Conflict("A group keeps at least one owner; make somebody else owner first")
