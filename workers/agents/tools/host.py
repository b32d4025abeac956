"""Tools that the Group Controller answers from its own storage, with the rights of the person who asked.

Law: what they are called and take is part of the contract in `shared.agent_api`; here they are only described.
"""

from typing import Annotated, Final

from pydantic import Field

from agents.tools.tool import Signature
from shared.search import SEARCH_LIMIT_CHARS

SEARCH_HISTORY: Final = "search_history"
GET_MEMBERS: Final = "get_members"
SEARCH_LIMIT: Final = 20
_Query = Annotated[str, Field(min_length=1, max_length=SEARCH_LIMIT_CHARS)]
_Limit = Annotated[int, Field(ge=1, le=SEARCH_LIMIT)]

HOST_TOOLS: Final = {
    SEARCH_HISTORY: Signature.of(
        SEARCH_HISTORY,
        "Searches the whole history of this group. Each hit has its seq, by which to quote it.",
        {"query": (_Query, ...), "limit": (_Limit, 8)},
    ),
    GET_MEMBERS: Signature.of(GET_MEMBERS, "Lists the people and the agents in this group.", {}),
}
