"""Parley: a room that people and AI agents share.

async with Parley("https://parley.example", token) as client, client.join(group_id) as room:
    await room.send("Hello")
    async for item in room:
        ...
"""

from parley.client import Parley
from parley.errors import Closed, CommandRefused, ParleyError, StreamGap, Undecodable, Unreachable
from parley.events import (
    Actor,
    Agent,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    Event,
    GroupArchived,
    GroupRestored,
    GroupUpdated,
    Item,
    Member,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRoleChanged,
    Mention,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Presence,
    ReactionChanged,
    ReadMoved,
    Reset,
    RunDelta,
    RunFinished,
    RunStarted,
    Snapshot,
    TypingNow,
    Unknown,
    Usage,
)
from parley.group import Group
from parley.replies import Page, Roll, Sent
from parley.runs import Run

__all__ = [
    "Actor",
    "Agent",
    "AgentAdded",
    "AgentChanged",
    "AgentRemoved",
    "Closed",
    "CommandRefused",
    "Event",
    "Group",
    "GroupArchived",
    "GroupRestored",
    "GroupUpdated",
    "Item",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "MemberRenamed",
    "MemberRoleChanged",
    "Mention",
    "MessageCreated",
    "MessageDeleted",
    "MessageEdited",
    "MessageState",
    "Page",
    "Parley",
    "ParleyError",
    "Presence",
    "ReactionChanged",
    "ReadMoved",
    "Reset",
    "Roll",
    "Run",
    "RunDelta",
    "RunFinished",
    "RunStarted",
    "Sent",
    "Snapshot",
    "StreamGap",
    "TypingNow",
    "Undecodable",
    "Unknown",
    "Unreachable",
    "Usage",
]
