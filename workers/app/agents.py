"""The agents of an org."""

from typing import Annotated

from pydantic import Field, StringConstraints

from app.api import Model, Name, PageQuery, PersonCall, endpoints, next_cursor, require_admin
from app.store import AgentRow
from shared.agent_api import TOOLS_LIMIT, ToolName
from shared.errors import Conflict, Forbidden, InvalidBody, InvalidCredential

Handle = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]


class NewAgent(Model):
    """`provider` says where its words come from, `model` which of that provider's models."""

    handle: Handle
    name: Name
    provider: Handle
    model: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    instructions: Annotated[str, StringConstraints(max_length=8000)] = ""
    tools: Annotated[tuple[ToolName, ...], Field(max_length=TOOLS_LIMIT)] = ()


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
        await call.ports.store.create_agent(call.caller.org_id, row)
    except Conflict as exc:
        raise Conflict("This handle is taken in your org") from exc
    return _record(row)


@endpoints.add("GET", "/agents", auth="person", errors=(InvalidCredential, InvalidBody))
async def list_agents(call: PersonCall, query: PageQuery) -> AgentsPage:
    """The agents of your org."""
    agents = await call.ports.store.agents(call.caller.org_id, query.after, query.limit + 1)
    cursor = next_cursor([agent.id for agent in agents], query.limit)
    return AgentsPage(agents=tuple(_record(agent) for agent in agents[: query.limit]), next=cursor)


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
