"""Who is in the group and what it has agreed on, as of the last event seen.

Law: `hello` sets it, later events change it; nothing else does.
"""

from dataclasses import dataclass, replace

from parley.events import (
    Agent,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    ApprovalRequested,
    ApprovalResolved,
    Event,
    GroupUpdated,
    Member,
    MemberErased,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRoleChanged,
    Presence,
    ReadMoved,
    TurnSettings,
)
from parley.replies import HelloOk


@dataclass(frozen=True, slots=True)
class Roster:
    """`members` and `agents` by id; `reads` is how far each person has read; `approvals` what agents wait for."""

    title: str
    you: Member
    members: dict[str, Member]
    agents: dict[str, Agent]
    online: frozenset[str]
    reads: dict[str, int]
    approvals: dict[str, ApprovalRequested]
    turns: TurnSettings

    @classmethod
    def of(cls, hello: HelloOk) -> "Roster":
        return cls(
            title=hello.group.title,
            you=hello.you,
            members={member.id: member for member in hello.members},
            agents={agent.id: agent for agent in hello.agents},
            online=frozenset(hello.online),
            reads=dict(hello.reads),
            approvals={approval.approval_id: approval for approval in hello.approvals},
            turns=hello.group.turns,
        )

    def after(self, event: Event) -> "Roster":
        match event.data:
            case MemberJoined(member) | MemberRoleChanged(member) | MemberRenamed(member):
                you = member if member.id == self.you.id else self.you
                return replace(self, members={**self.members, member.id: member}, you=you)
            case MemberErased(user_id):
                named = {k: replace(m, name="") if k == user_id else m for k, m in self.members.items()}
                return replace(self, members=named)
            case MemberLeft(member):
                return replace(self, members={k: m for k, m in self.members.items() if k != member.id})
            case AgentAdded(agent) | AgentChanged(agent):
                return replace(self, agents={**self.agents, agent.id: agent})
            case AgentRemoved(agent):
                return replace(self, agents={k: a for k, a in self.agents.items() if k != agent.id})
            case ReadMoved(position):
                return replace(self, reads={**self.reads, event.actor.id: position})
            case GroupUpdated(title, turns):
                return replace(self, title=title, turns=turns)
            case ApprovalRequested(approval_id=approval_id):
                return replace(self, approvals={**self.approvals, approval_id: event.data})
            case ApprovalResolved(approval_id=approval_id):
                return replace(self, approvals={k: a for k, a in self.approvals.items() if k != approval_id})
            case _:
                return self

    def seeing(self, presence: Presence) -> "Roster":
        changed = {presence.user_id}
        return replace(self, online=self.online | changed if presence.online else self.online - changed)
