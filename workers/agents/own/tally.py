"""The tally: who has said how much. An agent to begin one's own with."""

from collections import Counter
from collections.abc import AsyncIterator

from agents.own.agent import Turn, agent


@agent("tally")
async def tally(turn: Turn) -> AsyncIterator[str]:
    said = Counter(message.sender.id for message in turn.messages if message.sender.kind == "user")
    for member in turn.members:
        yield f"{member.name}: {said[member.id]}\n"
