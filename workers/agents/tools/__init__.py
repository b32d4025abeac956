"""What agents can do besides talking: the types of tools, and of their use in one turn.

Law: types only. `tool.py` makes a tool of a function, `host.py` names those that the Group Controller answers,
`toolbox.py` says which of them one turn has and uses them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

RESULT_LIMIT_CHARS: Final = 20_000
ARGS_LIMIT_CHARS: Final = 16_000


class ToolFailed(Exception):
    """Raised by a tool for a reason that the model may read, so that it can do better."""


@dataclass(frozen=True)
class ToolSpec:
    """What a model is told of a tool; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, object]


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_State):
    """What a model wants done, in its own words: neither the name nor the arguments need to make sense."""

    id: str
    name: str
    args: str


class Round(_State):
    """Something the agent has said in this turn, the tools it then asked for, and by call what came of them."""

    text: str
    calls: tuple[Call, ...]
    results: Mapping[str, str]

    @property
    def open(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.id not in self.results)


def clipped(text: str) -> str:
    """A tool's result as models get it: what is too long is cut, and says so."""
    return text if len(text) <= RESULT_LIMIT_CHARS else text[:RESULT_LIMIT_CHARS] + "\n[cut: the result is longer]"
