"""How the directory's view of a group becomes events in its log.

Law: the directory decides who belongs; this turns the difference into events and closes the sockets of those who left.
"""

from durable_objects.calls import Roster
from durable_objects.effects import Close, Effect, Session, Tell, TellAll
from durable_objects.room import Room
from shared.protocol import Agent as AgentInGroup
from shared.protocol import (
    AgentAdded,
    AgentRemoved,
    EventData,
    GroupUpdated,
    MemberJoined,
    MemberLeft,
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
    old_members = {m.id: m for m in before.members} if before else {}
    old_agents = {a.id: a for a in before.agents} if before else {}
    new_members = {m.id: m for m in after.members}
    new_agents = {a.id: a for a in after.agents}
    changes: list[EventData] = []
    if before is None or (before.title, before.turns) != (after.title, after.turns):
        changes.append(GroupUpdated(title=after.title, turns=after.turns))
    changes += [MemberLeft(member=m) for m in old_members.values() if m.id not in new_members]
    changes += [MemberJoined(member=m) for m in after.members if m.id not in old_members]
    changes += [
        MemberRoleChanged(member=m) for m in after.members if m.id in old_members and old_members[m.id].role != m.role
    ]
    changes += [
        AgentRemoved(agent=AgentInGroup(id=a.id, handle=a.handle, name=a.name))
        for a in old_agents.values()
        if a.id not in new_agents
    ]
    changes += [
        AgentAdded(agent=AgentInGroup(id=a.id, handle=a.handle, name=a.name))
        for a in after.agents
        if a.id not in old_agents
    ]
    return changes
