"""Groups: create, read, list, and the token that leads into one."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.api import Change, Model, PageQuery, PersonCall, Title, endpoints, next_cursor
from app.auth import GROUP_READ
from app.store import GroupRow
from shared.errors import (
    Conflict,
    Forbidden,
    GroupArchived,
    GroupArchiving,
    InvalidBody,
    InvalidCredential,
    NotFound,
    Unavailable,
)
from shared.ids import AgentId, OrgId
from shared.protocol import HARD_TURNS, HopCount, OnBusy, TokenCount, TurnCount, TurnPolicy, TurnSettings

GroupStatus = Literal["active", "archiving", "archived"]
HistoryVisibility = Literal["all", "since_join"]
"""Whether those who join later see what was said before."""


class NewGroup(TurnSettings):
    org_id: OrgId
    title: Title
    is_private: bool
    history_visibility: HistoryVisibility = "all"
    agent_ids: Annotated[tuple[AgentId, ...], Field(max_length=HARD_TURNS, strict=False)] = ()


class GroupCreated(Model):
    group_id: str
    status: GroupStatus
    created_at: str


class GroupMember(Model):
    user_id: str
    name: str
    role: Literal["owner", "member"]


class GroupAgent(Model):
    agent_id: str
    handle: str
    name: str


class GroupSummary(Model):
    group_id: str
    org_id: str
    title: str
    is_private: bool
    history_visibility: HistoryVisibility
    status: GroupStatus
    created_at: str
    archived_at: str | None
    r2_path: str | None
    my_role: Literal["owner", "member"] | None


class GroupRecord(GroupSummary, TurnSettings):
    members: tuple[GroupMember, ...]
    agents: tuple[GroupAgent, ...]


class GroupsPage(Model):
    groups: tuple[GroupSummary, ...]
    next: str | None


class GroupsQuery(PageQuery):
    """`show`: the groups you are in, or those you could join. `title`: how the title begins, A and a being the same."""

    show: Literal["mine", "joinable"] = "mine"
    status: GroupStatus | None = None
    title: Annotated[str, StringConstraints(max_length=200)] = ""


class GroupChange(Change):
    """What is left out stays as it is; a limit that is null is lifted."""

    NULLABLE = frozenset({"daily_token_limit", "run_token_limit", "selector_agent_id"})

    title: Title | None = None
    daily_token_limit: TokenCount | None = None
    hop_limit: HopCount | None = None
    on_busy: OnBusy | None = None
    run_token_limit: TokenCount | None = None
    selector_agent_id: AgentId | None = None
    turn_budget: TurnCount | None = None
    turn_policy: TurnPolicy | None = None

    def turns(self, before: TurnSettings) -> TurnSettings:
        return before.model_copy(update=self.model_dump(include=self.model_fields_set - {"title"}))


class RoutingTokenIssued(Model):
    """`routing_token` opens `GET /groups/{group_id}/ws` for a minute."""

    routing_token: str
    expires_at: str


@endpoints.add(
    "POST", "/groups", auth="person", status=201, errors=(InvalidCredential, NotFound, InvalidBody, Unavailable)
)
async def create_group(call: PersonCall, body: NewGroup) -> GroupCreated:
    """Create a group; you become its owner."""
    ports, person = call.ports, call.caller
    if body.org_id != person.org_id:
        raise NotFound("There is no such org, or it is not yours")
    agent_ids = tuple(dict.fromkeys(body.agent_ids))
    if await ports.agents.known(person.org_id, agent_ids) != set(agent_ids):
        raise NotFound("agent_ids: not all of these are agents of your org")
    turns = TurnSettings(**body.model_dump(include=set(TurnSettings.model_fields)))
    check_turns(turns, agent_ids)
    group = GroupRow(
        id=ports.make_id("grp"),
        org_id=person.org_id,
        title=body.title,
        is_private=body.is_private,
        history_visibility=body.history_visibility,
        turns=turns,
        status="pending",
        created_at=ports.now(),
        archived_at=None,
        r2_path=None,
        version=1,
        my_role="owner",
    )
    await ports.store.create_group(group, person, agent_ids)
    await ports.infra.open_group(group.id, group.org_id, person.id)
    return GroupCreated(group_id=group.id, status="active", created_at=group.created_at)


@endpoints.add("GET", "/groups", auth="person", errors=(InvalidCredential, InvalidBody))
async def list_groups(call: PersonCall, query: GroupsQuery) -> GroupsPage:
    """The groups you are in, or the public ones of your org that you could join."""
    groups = await _listed(call, query)
    cursor = next_cursor([group.id for group in groups], query.limit)
    return GroupsPage(groups=tuple(_summary(group) for group in groups[: query.limit]), next=cursor)


async def _listed(call: PersonCall, query: GroupsQuery) -> list[GroupRow]:
    store, limit = call.ports.store, query.limit + 1
    if query.show == "mine":
        return await store.groups_of(call.caller, query.after, limit, query.status, query.title)
    if query.status not in (None, "active"):
        return []
    return await store.joinable_groups(call.caller, query.after, limit, query.title)


@endpoints.add("GET", "/groups/{group_id}", auth="person", errors=(InvalidCredential, NotFound))
async def read_group(call: PersonCall) -> GroupRecord:
    """A group, its members, its agents and its status."""
    return await _record(call, await find_group(call))


async def _record(call: PersonCall, group: GroupRow) -> GroupRecord:
    members, agents = await call.ports.rosters.everybody(group.id)
    return GroupRecord.model_validate(
        {
            **_summary(group).model_dump(),
            **group.turns.model_dump(),
            "members": tuple({"user_id": m.user_id, "name": m.name, "role": m.role} for m in members),
            "agents": tuple({"agent_id": a.id, "handle": a.handle, "name": a.name} for a in agents),
        }
    )


@endpoints.add(
    "PATCH",
    "/groups/{group_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable),
)
async def change_group(call: PersonCall, body: GroupChange) -> GroupRecord:
    """Change the group's title, or how its agents take turns; everybody in it sees so at once. Owners of the group."""
    group = await find_group(call)
    require_owner(group)
    before = await _record(call, group)
    call.require_unchanged(before)
    turns = body.turns(group.turns)
    check_turns(turns, [agent.agent_id for agent in before.agents])
    if not await call.ports.store.change_group(group, body.title or group.title, turns):
        raise call.overtaken()
    await call.ports.infra.renew_roster(group.id)
    return await read_group(call)


@endpoints.add(
    "POST",
    "/groups/{group_id}/token",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, Unavailable),
)
async def group_token(call: PersonCall) -> RoutingTokenIssued:
    """A routing token for yourself: short-lived, for one group."""
    group = await find_group(call)
    require_active(group)
    if group.my_role is None:
        raise Forbidden("Join the group first")
    issued = await call.ports.infra.routing_token(group.id, call.caller.id)
    return RoutingTokenIssued(routing_token=issued.routing_token, expires_at=issued.expires_at)


def check_turns(turns: TurnSettings, agent_ids: Sequence[str]) -> None:
    """Raises InvalidBody when nobody could select."""
    if turns.turn_policy == "selector" and turns.selector_agent_id not in agent_ids:
        raise InvalidBody("turn_policy: a selector has to be an agent of this group, as selector_agent_id")


def require_active(group: GroupRow) -> None:
    """Raises GroupArchiving, GroupArchived."""
    if group.status == "archiving":
        raise GroupArchiving
    if group.status != "active":
        raise GroupArchived


def require_owner(group: GroupRow) -> None:
    """Raises GroupArchiving, GroupArchived, Forbidden."""
    require_active(group)
    if group.my_role != "owner":
        raise Forbidden("This takes an owner of the group")


async def find_group(call: PersonCall) -> GroupRow:
    """The group of the path. Raises NotFound when it is absent or not this person's to know of.

    Once, it has been read with the person already; from then on it may have changed.
    """
    if GROUP_READ in call.request.scope:
        group: GroupRow | None = call.request.scope.pop(GROUP_READ)
    else:
        group = await call.ports.store.group(call.path["group_id"], call.caller)
    if group is None:
        raise NotFound
    return group


def _summary(group: GroupRow) -> GroupSummary:
    return GroupSummary.model_validate(
        {
            "group_id": group.id,
            "org_id": group.org_id,
            "title": group.title,
            "is_private": group.is_private,
            "history_visibility": group.history_visibility,
            "status": group.status,
            "created_at": group.created_at,
            "archived_at": group.archived_at,
            "r2_path": group.r2_path,
            "my_role": group.my_role,
        }
    )
