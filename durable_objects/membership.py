"""How the directory's view of a group becomes events in its log.

Law: the directory decides who belongs; this turns the difference into events and closes the sockets of those who left.
"""

from collections.abc import Iterator, Sequence

from durable_objects.calls import Roster
from durable_objects.effects import Close, Effect, Session, Tell, TellAll
from durable_objects.room import Room
from shared.agent_api import AgentProfile
from shared.protocol import Agent as AgentInGroup
from shared.protocol import (
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    EventData,
    GroupUpdated,
    Member,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRoleChanged,
)
from shared.replies import Bye

REMOVED: tuple[int, str] = (4503, "removed")
REVOKED = "revoked"
"""The reason of a close because access was taken away; its code says whether another credential is left."""


def apply_roster(room: Room, roster: Roster, sessions: list[Session]) -> list[Effect]:
    """The farewell of those who are gone, then events for what changed.

    A log that is being archived grows no more; who is removed then goes all the same.
    """
    before = room.roster
    changes = _changes(before, roster)
    gone = {member.id for member in before.members} - {member.id for member in roster.members} if before else set()
    room.set_roster(roster)
    effects: list[Effect] = []
    for session in sessions:
        if session.user_id in gone:
            effects += farewell(session.socket_id, *REMOVED)
    for change in changes if room.status == "active" else ():
        event, body = room.append(change)
        if before is not None and isinstance(change, MemberJoined | AgentAdded):
            room.journal.joined(change.member.id if isinstance(change, MemberJoined) else change.agent.id, event.seq)
        effects.append(TellAll(body))
    return effects


def farewell(socket_id: str, code: int, reason: str) -> list[Effect]:
    """A word, then the close: a client that never spoke gets the word at once and the close late."""
    bye = Bye(code=code, reason=reason, reconnect=code < 4500)
    return [Tell(socket_id, bye.model_dump_json()), Close(socket_id, code, reason)]


def _changes(before: Roster | None, after: Roster) -> list[EventData]:
    changes: list[EventData] = []
    if before is None or (before.title, before.turns) != (after.title, after.turns):
        changes.append(GroupUpdated(title=after.title, turns=after.turns))
    changes += _of_members(before.members if before else (), after.members)
    changes += _of_agents(
        [_shown(agent) for agent in before.agents] if before else [], [_shown(agent) for agent in after.agents]
    )
    return changes


def _of_members(before: Sequence[Member], after: Sequence[Member]) -> Iterator[EventData]:
    old, new = {member.id: member for member in before}, {member.id for member in after}
    yield from (MemberLeft(member=member) for member in before if member.id not in new)
    yield from (MemberJoined(member=member) for member in after if member.id not in old)
    stayed = [(old[member.id], member) for member in after if member.id in old]
    yield from (MemberRoleChanged(member=member) for was, member in stayed if was.role != member.role)
    yield from (MemberRenamed(member=member) for was, member in stayed if was.name != member.name)


def _of_agents(before: Sequence[AgentInGroup], after: Sequence[AgentInGroup]) -> Iterator[EventData]:
    """What only concerns its own words, such as its model, is nobody's business in the group."""
    old, new = {agent.id: agent for agent in before}, {agent.id for agent in after}
    yield from (AgentRemoved(agent=agent) for agent in before if agent.id not in new)
    yield from (AgentAdded(agent=agent) for agent in after if agent.id not in old)
    yield from (AgentChanged(agent=agent) for agent in after if old.get(agent.id, agent) != agent)


def _shown(agent: AgentProfile) -> AgentInGroup:
    return AgentInGroup(id=agent.id, handle=agent.handle, name=agent.name)
