"""The SQL of one Group Controller's runs: who was asked, what was said so far, what is awaited, what was used.

Law: as in `journal`: statements and no rule.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.ports import SqlValue
from shared.protocol import Usage
from shared.usage import UsedOnDay

Execute = Callable[..., list[list[SqlValue]]]
"""One statement and its positional parameters → its rows."""

Purpose = Literal["answer", "select"]


@dataclass(frozen=True)
class Run:
    """`hop`: how many agents were called in a row up to this one, from a person's message on.

    `deferred` is what the turn goes on with (`DeferredToolResults` as text), while it waits and until it has ended.
    `usage` is that of the parts that are over, `part_usage` what is known of the one under way.
    """

    run_id: str
    agent_id: str
    trigger: int
    requested_by: str
    status: str
    length: int
    lease_until_ms: int
    hop: int
    purpose: Purpose
    parts: int
    deferred: str | None
    usage: Usage
    part_usage: Usage
    message_seq: int | None = None
    finished_seq: int | None = None


@dataclass(frozen=True)
class Approval:
    """A question to people. `request` is the data of its `approval.requested`; without an outcome it is open."""

    approval_id: str
    run_id: str
    tool_call_id: str
    request: str
    expires_ms: int
    outcome: str | None
    resolved_by: str | None


_RUN = """run_id, agent_id, trigger_seq, requested_by, status, length, lease_until_ms, hop, purpose, parts, deferred,
          usage, part_usage, message_seq, finished_seq"""
_APPROVAL = "approval_id, run_id, tool_call_id, request, expires_ms, outcome, resolved_by"


class RunJournal:
    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    # ── from being asked to having answered ─────────────────────────────────────────────────────────────────────────

    def add(self, run_id: str, agent_id: str, trigger: int, requested_by: str, hop: int, purpose: Purpose) -> None:
        self._execute(
            """INSERT INTO runs (run_id, agent_id, trigger_seq, requested_by, status, hop, purpose)
               VALUES (?, ?, ?, ?, 'queued', ?, ?)""",
            run_id,
            agent_id,
            trigger,
            requested_by,
            hop,
            purpose,
        )

    def ask_anew(self, run_id: str, trigger: int, requested_by: str, hop: int) -> None:
        """A run that has not begun answers a later message instead."""
        self._execute(
            "UPDATE runs SET trigger_seq = ?, requested_by = ?, hop = ? WHERE run_id = ?",
            trigger,
            requested_by,
            hop,
            run_id,
        )

    def find(self, run_id: str) -> Run | None:
        rows = self._execute(f"SELECT {_RUN} FROM runs WHERE run_id = ?", run_id)  # noqa: S608 -- a constant
        return _run(rows[0]) if rows else None

    def of_status(self, status: str) -> list[Run]:
        rows = self._execute(f"SELECT {_RUN} FROM runs WHERE status = ? ORDER BY run_id", status)  # noqa: S608 -- a constant
        return [_run(row) for row in rows]

    def unfinished(self) -> list[Run]:
        rows = self._execute(f"SELECT {_RUN} FROM runs WHERE status <> 'finished' ORDER BY run_id")  # noqa: S608 -- a constant
        return [_run(row) for row in rows]

    def open_of(self, trigger: int) -> list[Run]:
        rows = self._execute(
            f"SELECT {_RUN} FROM runs WHERE trigger_seq = ? AND status <> 'finished'",  # noqa: S608 -- a constant
            trigger,
        )
        return [_run(row) for row in rows]

    def started(self, run_id: str, lease_until_ms: int) -> None:
        self._execute("UPDATE runs SET status = 'running', lease_until_ms = ? WHERE run_id = ?", lease_until_ms, run_id)

    def said(self, run: Run, text: str, lease_until_ms: int) -> None:
        self._execute("INSERT INTO chunks (run_id, start, text) VALUES (?, ?, ?)", run.run_id, run.length, text)
        self._execute(
            "UPDATE runs SET length = length + ?, lease_until_ms = ? WHERE run_id = ?",
            len(text),
            lease_until_ms,
            run.run_id,
        )

    def text(self, run_id: str) -> str:
        rows = self._execute("SELECT text FROM chunks WHERE run_id = ? ORDER BY start", run_id)
        return "".join(str(text) for (text,) in rows)

    def part_ended(self, run_id: str, deferred: str, usage: Usage) -> None:
        """The turn's first part is over; it goes on with `deferred` once that is complete."""
        self._execute(
            """UPDATE runs SET status = 'waiting', parts = parts + 1, deferred = ?, usage = ?, part_usage = '{}'
               WHERE run_id = ?""",
            deferred,
            usage.model_dump_json(),
            run_id,
        )

    def used(self, run_id: str, usage: Usage) -> None:
        """By the part that is under way."""
        self._execute("UPDATE runs SET part_usage = ? WHERE run_id = ?", usage.model_dump_json(), run_id)

    def learned(self, run_id: str, deferred: str) -> None:
        self._execute("UPDATE runs SET deferred = ? WHERE run_id = ?", deferred, run_id)

    def finished(self, run_id: str, message_seq: int | None, finished_seq: int) -> None:
        self._execute(
            """UPDATE runs SET status = 'finished', deferred = NULL, message_seq = ?, finished_seq = ?
               WHERE run_id = ?""",
            message_seq,
            finished_seq,
            run_id,
        )
        self._execute("DELETE FROM chunks WHERE run_id = ?", run_id)

    # ── questions to people ─────────────────────────────────────────────────────────────────────────────────────────

    def add_approval(self, approval: Approval) -> None:
        self._execute(
            "INSERT INTO approvals (approval_id, run_id, tool_call_id, request, expires_ms) VALUES (?, ?, ?, ?, ?)",
            approval.approval_id,
            approval.run_id,
            approval.tool_call_id,
            approval.request,
            approval.expires_ms,
        )

    def approval(self, approval_id: str) -> Approval | None:
        rows = self._execute(f"SELECT {_APPROVAL} FROM approvals WHERE approval_id = ?", approval_id)  # noqa: S608 -- a constant
        return _approval(rows[0]) if rows else None

    def open_approvals(self, run_id: str | None = None) -> list[Approval]:
        """Those of one run, or of all."""
        rows = self._execute(
            f"""SELECT {_APPROVAL} FROM approvals
                WHERE outcome IS NULL AND run_id = coalesce(?, run_id) ORDER BY approval_id""",  # noqa: S608 -- a constant
            run_id,
        )
        return [_approval(row) for row in rows]

    def resolve(self, approval_id: str, outcome: str, resolved_by: str | None) -> None:
        self._execute(
            "UPDATE approvals SET outcome = ?, resolved_by = ? WHERE approval_id = ?", outcome, resolved_by, approval_id
        )

    # ── what was used ───────────────────────────────────────────────────────────────────────────────────────────────

    def count(self, day: str, agent_id: str, usage: Usage) -> None:
        self._execute(
            """INSERT INTO usage (day, agent_id, runs, requests, input_tokens, output_tokens, tool_calls)
               VALUES (?, ?, 1, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
               runs = runs + 1, requests = requests + excluded.requests,
               input_tokens = input_tokens + excluded.input_tokens,
               output_tokens = output_tokens + excluded.output_tokens,
               tool_calls = tool_calls + excluded.tool_calls""",
            day,
            agent_id,
            usage.requests,
            usage.input_tokens,
            usage.output_tokens,
            usage.tool_calls,
        )

    def has_unreported(self) -> bool:
        return bool(self._execute("SELECT 1 FROM usage WHERE reported < runs LIMIT 1"))

    def unreported(self, limit: int) -> list[UsedOnDay]:
        """Totals that have grown since the directory heard of them."""
        rows = self._execute(
            """SELECT day, agent_id, runs, requests, input_tokens, output_tokens, tool_calls FROM usage
               WHERE reported < runs ORDER BY day, agent_id LIMIT ?""",
            limit,
        )
        names = ("day", "agent_id", "runs", "requests", "input_tokens", "output_tokens", "tool_calls")
        return [UsedOnDay.model_validate(dict(zip(names, row, strict=True))) for row in rows]

    def reported(self, row: UsedOnDay) -> None:
        self._execute(
            "UPDATE usage SET reported = max(reported, ?) WHERE day = ? AND agent_id = ?",
            row.runs,
            row.day.isoformat(),
            row.agent_id,
        )

    def tokens_of(self, day: str) -> int:
        rows = self._execute("SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM usage WHERE day = ?", day)
        return integer(rows[0][0])


def _run(row: list[SqlValue]) -> Run:
    run_id, agent_id, trigger, requested_by, status, length, lease, hop, purpose, parts, deferred, *rest = row
    usage, part_usage, message_seq, finished_seq = rest
    return Run(
        run_id=str(run_id),
        agent_id=str(agent_id),
        trigger=integer(trigger),
        requested_by=str(requested_by),
        status=str(status),
        length=integer(length),
        lease_until_ms=integer(lease),
        hop=integer(hop),
        purpose="select" if purpose == "select" else "answer",
        parts=integer(parts),
        deferred=None if deferred is None else str(deferred),
        usage=Usage.model_validate(json.loads(str(usage))),
        part_usage=Usage.model_validate(json.loads(str(part_usage))),
        message_seq=None if message_seq is None else integer(message_seq),
        finished_seq=None if finished_seq is None else integer(finished_seq),
    )


def _approval(row: list[SqlValue]) -> Approval:
    approval_id, run_id, call_id, request, expires, outcome, by = row
    return Approval(
        str(approval_id),
        str(run_id),
        str(call_id),
        str(request),
        integer(expires),
        None if outcome is None else str(outcome),
        None if by is None else str(by),
    )


def integer(value: SqlValue) -> int:
    """What an integer column holds."""
    if not isinstance(value, int):
        raise TypeError(f"an integer column held {type(value).__name__}")
    return value
