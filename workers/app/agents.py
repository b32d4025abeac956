"""The agents of an org."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field, StringConstraints

from app.agent_store import AgentRow
from app.api import Change, Model, Name, PageQuery, PersonCall, endpoints, next_cursor, require_admin
from app.members import Done
from app.rosters import renew_rosters
from shared.agent_api import TOOLS_LIMIT, ToolName
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential, NotFound, Unavailable

Handle = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Instructions = Annotated[str, StringConstraints(max_length=8000)]
Tools = Annotated[tuple[ToolName, ...], Field(max_length=TOOLS_LIMIT)]


_TAKEN = "This handle is taken in your org"


class NewAgent(Model):
    """`provider` says where its words come from, `model` which of that provider's models."""

    handle: Handle
    name: Name
    provider: Handle
    model: ModelName
    instructions: Instructions = ""
    tools: Tools = ()


class AgentChange(Change):
    """What is left out stays as it is."""

    handle: Handle | None = None
    name: Name | None = None
    provider: Handle | None = None
    model: ModelName | None = None
    instructions: Instructions | None = None
    tools: Tools | None = None


class AgentRecord(Model):
    id: str
    handle: str
    name: str
    provider: str
    model: str
    instructions: str
    tools: tuple[str, ...]
    created_at: str


class AgentsPage(Model):
    agents: tuple[AgentRecord, ...]
    next: str | None


@endpoints.add(
    "POST", "/agents", auth="person", status=201, errors=(InvalidCredential, Forbidden, Conflict, InvalidBody)
)
async def create_agent(call: PersonCall, body: NewAgent) -> AgentRecord:
    """Add an agent to your org. Owners and admins."""
    require_admin(call.caller)
    row = AgentRow(
        id=call.ports.make_id("agt"),
        handle=body.handle,
        name=body.name,
        provider=body.provider,
        model=body.model,
        instructions=body.instructions,
        tools=tuple(dict.fromkeys(body.tools)),
        created_at=call.ports.now(),
    )
    try:
        await call.ports.agents.create(call.caller.org_id, row)
    except Conflict as exc:
        raise Conflict(_TAKEN) from exc
    return _record(row)


@endpoints.add("GET", "/agents", auth="person", errors=(InvalidCredential, InvalidBody))
async def list_agents(call: PersonCall, query: PageQuery) -> AgentsPage:
    """The agents of your org."""
    agents = await call.ports.agents.page(call.caller.org_id, query.after, query.limit + 1)
    cursor = next_cursor([agent.id for agent in agents], query.limit)
    return AgentsPage(agents=tuple(_record(agent) for agent in agents[: query.limit]), next=cursor)


@endpoints.add("GET", "/agents/{agent_id}", auth="person", errors=(InvalidCredential, NotFound))
async def read_agent(call: PersonCall) -> AgentRecord:
    """An agent of your org."""
    return _record(await _find(call))


@endpoints.add(
    "PATCH",
    "/agents/{agent_id}",
    auth="person",
    errors=(InvalidCredential, Forbidden, NotFound, Conflict, InvalidBody, Unavailable),
)
async def change_agent(call: PersonCall, body: AgentChange) -> AgentRecord:
    """Change an agent; the groups it is in know at once. Owners and admins."""
    before = await _find(call)
    require_admin(call.caller)
    call.require_unchanged(_record(before))
    changes = body.changes()
    if body.tools is not None:
        changes["tools"] = tuple(dict.fromkeys(body.tools))
    after = replace(before, **changes)
    try:
        changed = await call.ports.agents.change(call.caller.org_id, before, after)
    except Conflict as exc:
        raise Conflict(_TAKEN) from exc
    if not changed:
        raise call.overtaken()
    await renew_rosters(call.ports, await _open_groups(call, before.id))
    return _record(after)


@endpoints.add(
    "DELETE", "/agents/{agent_id}", auth="person", errors=(InvalidCredential, Forbidden, NotFound, Unavailable)
)
async def delete_agent(call: PersonCall) -> Done:
    """Delete an agent; it leaves its groups at once. What it said stays. Owners and admins.

    When not every group could be told, asking again goes on with those that were not.
    """
    agent_id = call.path["agent_id"]
    if await call.ports.agents.agent(call.caller.org_id, agent_id) is None:
        gone = await call.ports.agents.agent(call.caller.org_id, agent_id, deleted=True)
        if gone is None or not await call.ports.agents.groups_of(agent_id):
            raise NotFound("There is no such agent in your org")
    require_admin(call.caller)
    await call.ports.agents.delete(call.caller.org_id, agent_id, call.ports.now())
    await renew_rosters(call.ports, await _open_groups(call, agent_id))
    await call.ports.agents.leave(agent_id)
    return Done()


async def _find(call: PersonCall) -> AgentRow:
    agent = await call.ports.agents.agent(call.caller.org_id, call.path["agent_id"])
    if agent is None:
        raise NotFound("There is no such agent in your org")
    return agent


async def _open_groups(call: PersonCall, agent_id: str) -> list[str]:
    return [group_id for group_id, is_open in await call.ports.agents.groups_of(agent_id) if is_open]


def _record(row: AgentRow) -> AgentRecord:
    return AgentRecord(
        id=row.id,
        handle=row.handle,
        name=row.name,
        provider=row.provider,
        model=row.model,
        instructions=row.instructions,
        tools=row.tools,
        created_at=row.created_at,
    )
