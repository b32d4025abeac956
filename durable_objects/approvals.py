"""Questions that agents ask people before they use a tool.

Law: a question is answered once, by one of those it was put to: the person behind the run and the owners of the group.
Silence means no. What follows from an answer is `deferrals`' business.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from durable_objects.effects import Effect, RingAt, TellAll, TellReaders
from durable_objects.room import Room
from durable_objects.run_journal import Approval, Run
from shared.agent_api import ToolCall
from shared.clock import rfc3339
from shared.errors import Conflict, Forbidden, NotFound
from shared.protocol import SYSTEM, Actor, ApprovalOutcome, ApprovalRequested, ApprovalResolved, Approve

APPROVAL_LIFE_MS: Final = 10 * 60_000


class Approvals:
    def __init__(self, room: Room) -> None:
        self._room = room
        self._journal = room.journal.runs

    def request(self, run: Run, call: ToolCall) -> list[Effect]:
        room = self._room
        expires_ms = room.clock() + APPROVAL_LIFE_MS
        requested = ApprovalRequested(
            agent_id=run.agent_id,
            approval_id=room.make_id("apr"),
            approvers=tuple(self._approvers(run)),
            args=call.args,
            args_digest=hashlib.sha256(call.args.encode()).hexdigest(),
            expires_at=rfc3339(expires_ms),
            run_id=run.run_id,
            tool=call.tool_name,
        )
        self._journal.add_approval(
            Approval(
                approval_id=requested.approval_id,
                run_id=run.run_id,
                tool_call_id=call.tool_call_id,
                request=requested.model_dump_json(),
                expires_ms=expires_ms,
                outcome=None,
                resolved_by=None,
            )
        )
        actor = room.agent_actor(run.agent_id)
        _, body = room.append(requested, actor, causation=run.trigger, run_id=run.run_id)
        return [TellAll(body), TellReaders(run.run_id, body), RingAt(expires_ms)]

    def answer(self, user_id: str, command: Approve) -> tuple[Approval, int, list[Effect]] | None:
        """The question, the seq of its answer and what to show; None when this person has said just this before.

        Raises NotFound, Forbidden, Conflict.
        """
        person = self._room.person(user_id)
        approval = self._journal.approval(command.approval_id)
        if approval is None:
            raise NotFound("There is no such question")
        if user_id not in _request(approval).approvers:
            raise Forbidden("You are not one of those who were asked")
        outcome: ApprovalOutcome = "approved" if command.approved else "denied"
        if approval.outcome is not None:
            if (approval.outcome, approval.resolved_by) == (outcome, user_id):
                return None
            raise Conflict(f"This is decided already: {approval.outcome}")
        seq, effects = self._resolve(approval, outcome, person, command.reason)
        return approval, seq, effects

    def close(self, run: Run) -> list[Effect]:
        """The run is over: nobody needs to decide any more."""
        effects: list[Effect] = []
        for approval in self._journal.open_approvals(run.run_id):
            effects += self._resolve(approval, "cancelled", SYSTEM, None)[1]
        return effects

    def expire(self) -> tuple[list[Approval], list[Effect]]:
        """Questions that nobody answered in time, and when to look at the others."""
        now_ms = self._room.clock()
        over: list[Approval] = []
        effects: list[Effect] = []
        for approval in self._journal.open_approvals():
            if approval.expires_ms > now_ms:
                effects.append(RingAt(approval.expires_ms))
            else:
                over.append(approval)
                effects += self._resolve(approval, "expired", SYSTEM, None)[1]
        return over, effects

    def open(self) -> tuple[ApprovalRequested, ...]:
        return tuple(_request(approval) for approval in self._journal.open_approvals())

    def _resolve(
        self, approval: Approval, outcome: ApprovalOutcome, actor: Actor, reason: str | None
    ) -> tuple[int, list[Effect]]:
        self._journal.resolve(approval.approval_id, outcome, actor.id)
        resolved = ApprovalResolved(
            approval_id=approval.approval_id, outcome=outcome, reason=reason, run_id=approval.run_id
        )
        event, body = self._room.append(resolved, actor, run_id=approval.run_id)
        return event.seq, [TellAll(body), TellReaders(approval.run_id, body)]

    def _approvers(self, run: Run) -> Iterable[str]:
        for member in self._room.members.values():
            if member.role == "owner" or member.id == run.requested_by:
                yield member.id


def _request(approval: Approval) -> ApprovalRequested:
    return ApprovalRequested.model_validate_json(approval.request)
