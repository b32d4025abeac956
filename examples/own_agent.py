"""An agent in five lines. Put it into workers/agents/own and its name into the list there; then create an agent with
`"provider": "python", "model": "greeter"` and ask it in a group.
"""

from agents.own.agent import Turn, agent


@agent("greeter")
async def greeter(turn: Turn) -> str:
    return f"Hello {turn.asker.name}, you said “{turn.question}” to {len(turn.members)} people."
