"""Who is in a group: people and agents. Every change reaches the group's sockets at once."""

from typing import Literal

from app.api import Model, PageQuery, PersonCall, endpoints, next_cursor
from app.groups import GroupMember, find_group, require_active, require_owner
from app.roster_store import MemberRow
from app.tokens import require_not_erased
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


class RoleChange(Model):
    role: Literal["owner", "member"]


class MembersPage(Model):
    members: tuple[GroupMember, ...]
    next: str | None


class NewGroupAgent(Model):
    agent_id: AgentId


class Done(Model):
    status: Literal["ok"] = "ok"


_ERRORS = (InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable)


@endpoints.add("GET", "/groups/{group_id}/members", auth="person", errors=(InvalidCredential, NotFound, InvalidBody))
async def list_members(call: PersonCall, query: PageQuery) -> MembersPage:
    """The people in a group."""
    group = await find_group(call)
    members = await call.ports.rosters.members_page(group.id, query.after, query.limit + 1)
    cursor = next_cursor([member.user_id for member in members], query.limit)
    return MembersPage(members=tuple(_record(member) for member in members[: query.limit]), next=cursor)


@endpoints.add("POST", "/groups/{group_id}/members", auth="person", status=201, errors=_ERRORS)
async def add_member(call: PersonCall, body: NewMember) -> GroupMember:
    """Add a person of the org, or change the role of one who is in. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    person = await call.ports.store.person(call.caller.org_id, body.user_id)
    if person is None:
        raise NotFound("There is no such person in your org")
    require_not_erased(person)
    if await call.ports.rosters.member(group.id, person.id) is None:
        await call.ports.rosters.add_member(group.id, person.id, body.role, call.ports.now())
    else:
        await _give_role(call, group.id, person.id, body.role)
    await call.ports.infra.renew_roster(group.id)
    return GroupMember(user_id=person.id, name=person.name, role=body.role)


@endpoints.add("GET", "/groups/{group_id}/members/{user_id}", auth="person", errors=(InvalidCredential, NotFound))
async def read_member(call: PersonCall) -> GroupMember:
    """A person in a group."""
    return _record(await _find_member(call, (await find_group(call)).id))


@endpoints.add("PATCH", "/groups/{group_id}/members/{user_id}", auth="person", errors=_ERRORS)
async def change_role(call: PersonCall, body: RoleChange) -> GroupMember:
    """Change the role of a member. Owners of the group; it keeps at least one."""
    group = await find_group(call)
    require_owner(group)
    member = _record(await _find_member(call, group.id))
    call.require_unchanged(member)
    await _give_role(call, group.id, member.user_id, body.role)
    await call.ports.infra.renew_roster(group.id)
    return GroupMember(user_id=member.user_id, name=member.name, role=body.role)


@endpoints.add("POST", "/groups/{group_id}/join", auth="person", status=201, errors=_ERRORS)
async def join(call: PersonCall) -> GroupMember:
    """Join a public group of your org."""
    group = await find_group(call)
    require_active(group)
    if group.my_role is None:
        await call.ports.rosters.add_member(group.id, call.caller.id, "member", call.ports.now())
        await call.ports.infra.renew_roster(group.id)
    role: Literal["owner", "member"] = "owner" if group.my_role == "owner" else "member"
    return GroupMember(user_id=call.caller.id, name=call.caller.name, role=role)


@endpoints.add("POST", "/groups/{group_id}/leave", auth="person", errors=_ERRORS)
async def leave(call: PersonCall) -> Done:
    """Leave a group. Its last owner cannot."""
    group = await find_group(call)
    require_active(group)
    await _remove(call, group.id, call.caller.id)
    return Done()


@endpoints.add("DELETE", "/groups/{group_id}/members/{user_id}", auth="person", errors=_ERRORS)
async def remove_member(call: PersonCall) -> Done:
    """Remove a member, or leave. Owners remove anyone; a group keeps at least one owner."""
    group = await find_group(call)
    user_id = call.path["user_id"]
    if user_id != call.caller.id:
        require_owner(group)
    require_active(group)
    await _remove(call, group.id, user_id)
    return Done()


@endpoints.add("POST", "/groups/{group_id}/agents", auth="person", status=201, errors=_ERRORS)
async def add_agent(call: PersonCall, body: NewGroupAgent) -> Done:
    """Bring an agent of the org into the group. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    if not await call.ports.agents.known(call.caller.org_id, [body.agent_id]):
        raise NotFound("There is no such agent in your org")
    await call.ports.rosters.add_agent(group.id, body.agent_id)
    await call.ports.infra.renew_roster(group.id)
    return Done()


@endpoints.add("DELETE", "/groups/{group_id}/agents/{agent_id}", auth="person", errors=_ERRORS)
async def remove_agent(call: PersonCall) -> Done:
    """Send an agent out of the group. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    if call.path["agent_id"] not in {agent.id for agent in await call.ports.rosters.agents_in(group.id)}:
        raise NotFound("There is no such agent in this group")
    await call.ports.rosters.remove_agent(group.id, call.path["agent_id"])
    await call.ports.infra.renew_roster(group.id)
    return Done()


async def _find_member(call: PersonCall, group_id: str) -> MemberRow:
    member = await call.ports.rosters.member(group_id, call.path["user_id"])
    if member is None:
        raise NotFound("There is no such member")
    return member


async def _give_role(call: PersonCall, group_id: str, user_id: str, role: str) -> None:
    if not await call.ports.rosters.set_role(group_id, user_id, role):
        raise await _why_not(call, group_id, user_id)


async def _remove(call: PersonCall, group_id: str, user_id: str) -> None:
    if not await call.ports.rosters.remove_member(group_id, user_id):
        raise await _why_not(call, group_id, user_id)
    await call.ports.infra.renew_roster(group_id)


async def _why_not(call: PersonCall, group_id: str, user_id: str) -> Conflict | NotFound:
    if await call.ports.rosters.member(group_id, user_id) is None:
        return NotFound("There is no such member")
    return Conflict("A group keeps at least one owner; make somebody else owner first")


def _record(member: MemberRow) -> GroupMember:
    return GroupMember.model_validate({"user_id": member.user_id, "name": member.name, "role": member.role})
