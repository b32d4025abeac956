"""The tools of one turn: which there are, which ask first, and using one.

Law: an agent uses what its profile lists and this deployment knows, nothing else. Whatever a tool does, a text comes of
it: a failure is a sentence to the model, and its reason stays in the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic_core import to_json

from agents.tools import ARGS_LIMIT_CHARS, Call, ToolFailed, ToolSpec, clipped
from agents.tools.host import HOST_TOOLS
from agents.tools.tool import Signature, Tool
from agents.turn import Turn
from shared.agent_api import AgentRunRequest
from shared.deadline import Deadline
from shared.log import Log, whereabouts

TOOL_LIMIT_S: Final = 20.0
Way = Literal["here", "host", "approval"]
"""Who a call waits for: nobody, the Group Controller, or the people."""


@dataclass(frozen=True)
class Toolbox:
    """What this deployment has. `ask_first` are the names of tools that want approval whatever their code says."""

    tools: Mapping[str, Tool]
    ask_first: frozenset[str] = frozenset()
    limit_s: float = TOOL_LIMIT_S

    def of(self, request: AgentRunRequest, log: Log) -> "TurnTools":
        # Who decides who answers needs no hands.
        listed = request.context.agent.tools if request.context.purpose == "answer" else ()
        return TurnTools(
            Turn(request),
            {name: self.tools[name] for name in listed if name in self.tools},
            {name: HOST_TOOLS[name] for name in listed if name in HOST_TOOLS},
            self.ask_first,
            self.limit_s,
            log,
        )


@dataclass(frozen=True)
class TurnTools:
    _turn: Turn
    _here: Mapping[str, Tool]
    _host: Mapping[str, Signature]
    _ask_first: frozenset[str]
    _limit_s: float
    _log: Log = field(repr=False)

    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(signature.spec for signature in self._signatures().values())

    def way(self, call: Call) -> Way:
        """Raises ToolFailed when this agent has no such tool, or it cannot be called like that."""
        signature = self._signatures().get(call.name)
        if signature is None:
            raise ToolFailed("You have no tool of this name")
        if len(call.args) > ARGS_LIMIT_CHARS:
            raise ToolFailed(f"The arguments are longer than {ARGS_LIMIT_CHARS} characters")
        signature.check(call.args)
        if call.name in self._host:
            return "host"
        asks = self._here[call.name].requires_approval or call.name in self._ask_first
        return "approval" if asks else "here"

    async def use(self, call: Call) -> str:
        """What came of a call that `way` has let pass; the caller has had it approved where that is due."""
        tool, deadline = self._here[call.name], Deadline()
        try:
            with deadline.within(self._limit_s):
                result = await tool.use(self._turn, tool.signature.check(call.args))
            text = result if isinstance(result, str) else to_json(result).decode()
            # Half of a surrogate pair is no text that JSON could carry.
            return clipped(text.encode(errors="replace").decode())
        except ToolFailed as exc:
            return failed(str(exc))
        except TimeoutError:
            return failed(f"It took longer than {self._limit_s:.0f} s")
        except Exception as exc:  # noqa: BLE001 -- a tool may raise anything; its text stays in the log
            self._log("tool_failed", run_id=self._turn.request.context.run_id, tool=call.name, reason=whereabouts(exc))
            return failed("The tool failed")
        finally:
            deadline.close()

    def _signatures(self) -> Mapping[str, Signature]:
        return {**{name: tool.signature for name, tool in self._here.items()}, **self._host}


def failed(reason: str) -> str:
    return f"Error: {reason}"
