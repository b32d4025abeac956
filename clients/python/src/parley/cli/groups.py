"""Groups by the names people use for them."""

from parley.cli.failures import NOT_ALLOWED, CommandFailed
from parley.client import Parley


async def group_id_of(client: Parley, word: str) -> str:
    """The group with this id, or the one of this person's groups with this title. Raises CommandFailed."""
    if word.startswith("grp_"):
        return word
    titles = {group.group_id: group.title async for group in client.groups()}
    wanted = word.casefold()
    exact = [group_id for group_id, title in titles.items() if title.casefold() == wanted]
    found = exact or [group_id for group_id, title in titles.items() if title.casefold().startswith(wanted)]
    if len(found) > 1:
        known = ", ".join(f"{group_id} ({titles[group_id]})" for group_id in found)
        raise CommandFailed(f"“{word}” may be any of {known}; give the id.")
    if not found:
        known = ", ".join(f"“{title}”" for title in titles.values()) or "none"
        raise CommandFailed(f"You are in no group called “{word}”; your groups: {known}.", NOT_ALLOWED)
    return found[0]
