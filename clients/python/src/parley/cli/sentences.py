"""What happens in a group, in words for a terminal.

Law: pure. What others wrote is shown as text and nothing else: no character of theirs steers the terminal.
"""

import unicodedata
from collections.abc import Mapping

from parley.events import (
    Agent,
    AgentAdded,
    AgentChanged,
    AgentRemoved,
    ApprovalRequested,
    ApprovalResolved,
    Event,
    GroupArchived,
    GroupRestored,
    GroupUpdated,
    LoopPaused,
    MemberErased,
    MemberJoined,
    MemberLeft,
    MemberRenamed,
    MemberRoleChanged,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    ReactionChanged,
    RunFinished,
    SelectorFailed,
)

_ENDINGS: Mapping[str, str] = {
    "cancelled": "was stopped",
    "interrupted": "was interrupted",
    "error": "could not answer",
    "limit": "reached a limit",
}


def plain(text: str) -> str:
    """Without control characters, and without those that turn the direction of writing around."""
    return "".join(c if c in "\n\t" or not _steers(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in {
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    }


def line(who: str, text: str, seq: int | None = None) -> str:
    place = "     " if seq is None else f"#{seq}".rjust(5)
    return f"{place}  {plain(who)}  " + plain(text).replace("\n", "\n         ")


def line_of(event: Event, agents: Mapping[str, Agent]) -> str | None:
    """One event as a line; None for what only a screen can show."""
    if isinstance(event.data, MessageCreated) and event.digests is None:
        return line(event.actor.name, event.data.text, event.seq)
    notice = notice_of(event, agents)
    return None if notice is None else line("·", notice, event.seq)


def notice_of(event: Event, agents: Mapping[str, Agent]) -> str | None:
    """What happened besides messages, in a sentence; None when nobody needs to be told."""
    who = plain(event.actor.name)
    match event.data:
        case MessageEdited(target, text):
            return f"{who} changed #{target} to: {plain(text)}"
        case MessageDeleted(target):
            return f"{who} deleted #{target}"
        case ReactionChanged(emoji, on, target):
            return f"{who} {'reacts' if on else 'no longer reacts'} to #{target} with {plain(emoji)}"
        case GroupUpdated(title):
            return f"{who} changed the group, “{plain(title)}”"
        case GroupArchived(reason):
            return f"{who} archived the group: {plain(reason)}"
        case GroupRestored(reason):
            return f"{who} brought the group back: {plain(reason)}"
        case _:
            return _about_people(event) or _about_agents(event, agents)


def _about_people(event: Event) -> str | None:
    match event.data:
        case MemberJoined(member):
            return f"{plain(member.name)} joined"
        case MemberLeft(member):
            return f"{plain(member.name)} left"
        case MemberRoleChanged(member):
            return f"{plain(member.name)} is now {member.role}"
        case MemberRenamed(member):
            return f"{plain(member.name)} has a new name"
        case MemberErased():
            return "Somebody's messages and name were erased"
        case AgentAdded(agent):
            return f"{plain(agent.name)} (@{agent.handle}) joined"
        case AgentRemoved(agent):
            return f"{plain(agent.name)} (@{agent.handle}) left"
        case AgentChanged(agent):
            return f"{plain(agent.name)} (@{agent.handle}) was changed"
        case _:
            return None


def _about_agents(event: Event, agents: Mapping[str, Agent]) -> str | None:
    def name(agent_id: str | None) -> str:
        known = agents.get(agent_id or "")
        return "An agent" if known is None else plain(known.name)

    match event.data:
        case RunFinished(agent_id, outcome) if outcome != "success":
            return f"{name(agent_id)} {_ENDINGS.get(outcome, outcome)}"
        case ApprovalRequested(agent_id=agent_id, tool=tool, args=args):
            return f"{name(agent_id)} asks to use {plain(tool)} with {plain(args)}"
        case ApprovalResolved(outcome=outcome, reason=reason):
            return f"The question is decided: {outcome}" + (f" ({plain(reason)})" if reason else "")
        case LoopPaused(agent_ids):
            return f"{', '.join(map(name, agent_ids))} would go on; say something to let them"
        case SelectorFailed(trigger=trigger):
            return f"Nobody answers #{trigger}: the selector did not name anybody who could"
        case _:
            return None
