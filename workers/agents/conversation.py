"""What an agent has said and done in one turn so far, over all its rounds, and as the state of a turn that waits.

Law: pure; no model is asked here and no tool used. The state goes to the Group Controller and comes back as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.tools import Call, Round, clipped
from shared.agent_api import (
    STATE_LIMIT_CHARS,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from shared.errors import InvalidBody, TooLarge
from shared.protocol import Usage

_ID_LIMIT_CHARS: Final = 128


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: tuple[Round, ...]


@dataclass
class Conversation:
    """`usage` and `said` are of this part of the turn, `rounds` are of all."""

    rounds: list[Round] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    said: str = ""
    _resumed_at: int | None = None

    @classmethod
    def resumed(cls, state: str) -> "Conversation":
        """Raises InvalidBody when this is not the state of a turn that waits."""
        try:
            rounds = list(_State.model_validate_json(state).rounds)
        except ValidationError as exc:
            raise InvalidBody("deferred.state is not what this agent gave") from exc
        if not rounds or not rounds[-1].open:
            raise InvalidBody("deferred.state waits for nothing")
        return cls(rounds, _resumed_at=len(rounds) - 1)

    def state(self) -> str:
        """Raises TooLarge when the agent has done more than can be kept."""
        kept = tuple(
            entry.model_copy(update={"results": {call: clipped(text) for call, text in entry.results.items()}})
            for entry in self.rounds
        )
        text = _State(rounds=kept).model_dump_json()
        if len(text) > STATE_LIMIT_CHARS:
            raise TooLarge("The agent has read more than a turn can keep")
        return text

    @property
    def calls(self) -> int:
        return sum(len(entry.calls) for entry in self.rounds)

    def add(self, text: str, calls: tuple[Call, ...]) -> tuple[Call, ...]:
        """A new round; returns its calls under ids that are told apart in the whole turn."""
        taken = {call.id for entry in self.rounds for call in entry.calls}
        named: list[Call] = []
        for number, call in enumerate(calls):
            is_fit = 0 < len(call.id) <= _ID_LIMIT_CHARS and call.id not in taken
            found = call if is_fit else call.model_copy(update={"id": f"call_{len(self.rounds)}_{number}"})
            taken.add(found.id)
            named.append(found)
        self.rounds.append(Round(text=text, calls=tuple(named), results={}))
        return tuple(named)

    def answer(self, results: Mapping[str, str]) -> None:
        """What came of calls of the last round."""
        last = self.rounds[-1]
        self.rounds[-1] = last.model_copy(update={"results": {**last.results, **results}})

    def count(self, more: Usage) -> None:
        self.usage = self.usage.plus(more)

    def new_messages(self, text: str, model_name: str) -> tuple[ModelMessage, ...]:
        """Of this part of the turn; `text` is what the model said last."""
        found: list[ModelMessage] = []
        for number, entry in enumerate(self.rounds):
            if number < (self._resumed_at or 0):
                continue
            # What the model said before the wait was in the part before.
            if number != self._resumed_at:
                words = (TextPart(content=entry.text),) if entry.text else ()
                calls = (call_part(call) for call in entry.calls)
                found.append(ModelResponse(parts=(*words, *calls), model_name=model_name))
            found.append(ModelRequest(parts=tuple(return_part(call, entry.results[call.id]) for call in entry.calls)))
        return (*found, ModelResponse(parts=(TextPart(content=text),), model_name=model_name))


def call_part(call: Call) -> ToolCallPart:
    return ToolCallPart(tool_name=call.name, args=call.args, tool_call_id=call.id)


def return_part(call: Call, result: str) -> ToolReturnPart:
    return ToolReturnPart(tool_name=call.name, content=clipped(result), tool_call_id=call.id)
