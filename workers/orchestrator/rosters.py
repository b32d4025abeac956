"""A group's roster, from the directory to its controller."""

from durable_objects.calls import RosterSet, SetRoster
from orchestrator.ports import OrchestratorPorts
from orchestrator.sessions import open_session, roster_of


async def renew_roster(ports: OrchestratorPorts, group_id: str) -> None:
    """The group becomes what the directory says now; a changed set of agents renews its session.

    Raises NotFound, Unavailable.
    """
    roster = await roster_of(ports, group_id)
    answer = await ports.controllers.ask(group_id, SetRoster(roster=roster))
    if RosterSet.model_validate_json(answer).covered:
        await ports.store.group_told(group_id, roster.version)
    else:
        await open_session(ports, group_id)
