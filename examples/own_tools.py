"""Tools of one's own, and an agent that uses one. Put it into workers/agents/own and its name into the list there.

Any agent whose `tools` list `unit_price` or `order_bread` may use them, one behind a language model as well. Before
bread is ordered, people in the group are asked.
"""

from typing import Annotated

from pydantic import Field

from agents.own.agent import Turn, agent
from agents.tools import ToolFailed
from agents.tools.tool import tool

PRICES_CENTS = {"rye": 420, "wheat": 380}


@tool
def unit_price(kind: Annotated[str, Field(description="rye or wheat")]) -> int:
    """What one loaf costs, in cents."""
    if kind not in PRICES_CENTS:
        raise ToolFailed(f"We bake {' and '.join(PRICES_CENTS)} only")
    return PRICES_CENTS[kind]


@tool(requires_approval=True)
def order_bread(turn: Turn, kind: str, loaves: Annotated[int, Field(ge=1, le=100)]) -> dict[str, object]:
    """Orders bread for tomorrow morning."""
    return {"ordered": loaves, "kind": kind, "cents": unit_price(kind) * loaves, "for": turn.asker.name}


@agent("baker")
async def baker(turn: Turn) -> str:
    """Orders ten loaves of what it is asked for, when people agree."""
    kind = "rye" if "rye" in turn.question.lower() else "wheat"
    price = await turn.use("unit_price", kind=kind)
    ordered = await turn.use("order_bread", kind=kind, loaves=10)
    return f"A loaf of {kind} costs {price} cents. {ordered}"
