"""Turns that cannot go on by themselves: tools that the group answers, and tools that people decide on.

Law: a part of a turn ends, what it asked for is answered or put to people, and the next part begins with the answers.
Nothing is held open meanwhile, and all of it survives the object. A turn has at most PARTS_LIMIT parts.
"""

from typing import Final

from durable_objects.approvals import Approvals
from durable_objects.effects import Effect, RunDeferred, RunEnded
from durable_objects.group_tools import GroupTools
from durable_objects.room import Room
from durable_objects.run_journal import Approval, Run
from durable_objects.runs import Runs
from durable_objects.turn_taking import TurnTaking
from shared.agent_api import DeferredToolResults, ToolAnswer, ToolApproval
from shared.protocol import Approve

PARTS_LIMIT: Final = 16


class Deferrals:
    def __init__(
        self, room: Room, runs: Runs, turn_taking: TurnTaking, approvals: Approvals, tools: GroupTools
    ) -> None:
        self._journal = room.journal.runs
        self._runs = runs
        self._turn_taking = turn_taking
        self._approvals = approvals
        self._tools = tools

    def part_ended(self, happening: RunDeferred) -> list[Effect]:
        run, asked = self._runs.running(happening.run_id), happening.requests
        if run is None:
            return []
        if run.parts + 1 >= PARTS_LIMIT or not (asked.calls or asked.approvals):
            ending = RunEnded(run.run_id, "limit", asked.usage, "The agent used its tools without coming to an end")
            return self._turn_taking.ended(ending)
        answers = tuple(
            ToolAnswer(tool_call_id=call.tool_call_id, content=self._tools.answer(run, call)) for call in asked.calls
        )
        known = DeferredToolResults(calls=answers, state=asked.state)
        self._journal.part_ended(run.run_id, known.model_dump_json(), run.usage.plus(asked.usage))
        effects: list[Effect] = []
        for call in asked.approvals:
            effects += self._approvals.request(run, call)
        return effects + self._go_on(run.run_id)

    def approve(self, user_id: str, command: Approve) -> tuple[int | None, list[Effect]]:
        """The seq of the answer, None when it was given before. Raises NotFound, Forbidden, Conflict."""
        answered = self._approvals.answer(user_id, command)
        if answered is None:
            return None, []
        approval, seq, effects = answered
        self._learn(approval, approved=command.approved, reason=command.reason)
        return seq, [*effects, *self._go_on(approval.run_id)]

    def expire(self) -> list[Effect]:
        """Silence means no."""
        expired, effects = self._approvals.expire()
        for approval in expired:
            self._learn(approval, approved=False, reason="Nobody answered in time")
        for run_id in dict.fromkeys(approval.run_id for approval in expired):
            effects += self._go_on(run_id)
        return effects

    def _learn(self, approval: Approval, *, approved: bool, reason: str | None) -> None:
        run = self._waiting(approval.run_id)
        if run is not None and run.deferred is not None:
            known = DeferredToolResults.model_validate_json(run.deferred)
            answer = ToolApproval(tool_call_id=approval.tool_call_id, approved=approved, reason=reason)
            more = known.model_copy(update={"approvals": (*known.approvals, answer)})
            self._journal.learned(run.run_id, more.model_dump_json())

    def _go_on(self, run_id: str) -> list[Effect]:
        """Once nothing is open any more."""
        run = self._waiting(run_id)
        return [] if run is None or self._journal.open_approvals(run_id) else self._runs.drive(run)

    def _waiting(self, run_id: str) -> Run | None:
        run = self._journal.find(run_id)
        return run if run is not None and run.status == "waiting" else None
