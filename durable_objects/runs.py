"""The runs of a group's agents, from being asked to having answered.

Law: run.started is followed by exactly one run.finished. A run is queued → running ⇄ waiting → finished and never goes
back; anything that arrives for a finished run is ignored. Who is asked is decided in `turn_taking`, what the agent is
shown in `prompts`; calling the Agents Worker is the edge's business.
"""

from dataclasses import dataclass
from typing import Final

from durable_objects.approvals import Approvals
from durable_objects.effects import Effect, RingAt, RunEnded, RunSaid, StartRun, StopRun, TellAll, TellReaders
from durable_objects.room import Room
from durable_objects.run_journal import Purpose, Run
from durable_objects.turns import called
from durable_objects.usage import UsageReports
from shared.clock import rfc3339
from shared.errors import InvalidBody, NotFound
from shared.protocol import Mention, MessageCreated, RunFinished, RunOutcome, RunsCancel, RunStarted, Usage
from shared.replies import ActiveRun, RunDelta

LEASE_MS: Final = 60_000
QUEUE_LIMIT: Final = 32
"""How many messages wait for one agent; further ones are answered together with the last of these."""


@dataclass(frozen=True)
class Asked:
    """What makes an agent speak: a message, the person behind it, and how many agents were called in a row."""

    trigger: int
    requested_by: str
    hop: int = 1


@dataclass(frozen=True)
class Ended:
    """A finished run. `message_seq` and `mentions` are there when it has left a message, `text` when it selected."""

    run: Run
    outcome: RunOutcome
    effects: list[Effect]
    message_seq: int | None = None
    mentions: tuple[Mention, ...] = ()
    text: str = ""


class Runs:
    def __init__(self, room: Room, approvals: Approvals, reports: UsageReports) -> None:
        self._room = room
        self._approvals = approvals
        self._reports = reports
        self._journal = room.journal.runs

    # ── being asked ─────────────────────────────────────────────────────────────────────────────────────────────────

    def request(self, agent_id: str, asked: Asked, purpose: Purpose = "answer") -> list[Effect]:
        """An agent speaks once at a time; what becomes of a message for one that is speaking is the group's setting."""
        mine = [run for run in self._journal.unfinished() if run.agent_id == agent_id and run.purpose == purpose]
        waiting = [run for run in mine if run.status == "queued"]
        on_busy = self._room.known().turns.on_busy if purpose == "answer" else "merge"
        effects: list[Effect] = []
        if mine and on_busy == "drop":
            return []
        if mine and on_busy == "interrupt":
            for run in mine:
                effects += self.stop(run, "interrupted", "Something newer was asked").effects
        elif waiting and (on_busy == "merge" or len(waiting) >= QUEUE_LIMIT):
            self._journal.ask_anew(waiting[-1].run_id, asked.trigger, asked.requested_by, asked.hop)
            return []
        run_id = self._room.make_id("run")
        self._journal.add(run_id, agent_id, asked.trigger, asked.requested_by, asked.hop, purpose)
        return [*effects, *self.start_queued()]

    def start_queued(self) -> list[Effect]:
        """Starts the oldest of each agent that is free. A group that is closing starts nobody."""
        if self._room.status != "active":
            return []
        busy = {run.agent_id for status in ("running", "waiting") for run in self._journal.of_status(status)}
        effects: list[Effect] = []
        for run in self._journal.of_status("queued"):
            if run.agent_id in busy:
                continue
            if self._day_is_spent():
                effects += self._finish(run, "limit", Usage(), "The tokens of this group's day are used up").effects
            else:
                busy.add(run.agent_id)
                effects += [TellAll(self._started(run)), *self.drive(run)]
        return effects

    def drive(self, run: Run) -> list[Effect]:
        """Has the Agents Worker called, for the turn's beginning or for its next part."""
        lease_until_ms = self._room.clock() + LEASE_MS
        self._journal.started(run.run_id, lease_until_ms)
        return [StartRun(run.run_id), RingAt(lease_until_ms)]

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────────

    def running(self, run_id: str) -> Run | None:
        run = self._journal.find(run_id)
        return run if run is not None and run.status == "running" else None

    def said(self, happening: RunSaid) -> list[Effect]:
        run = self.running(happening.run_id)
        if run is None or not happening.text:
            return []
        self._journal.said(run, happening.text, self._room.clock() + LEASE_MS)
        if run.purpose == "select":
            return []
        delta = RunDelta(run_id=run.run_id, agent_id=run.agent_id, offset=run.length, text=happening.text)
        text = delta.model_dump_json()
        return [TellAll(text, patient=True), TellReaders(run.run_id, text)]

    def used(self, run_id: str, usage: Usage) -> list[Effect]:
        """Nobody is told: a run's usage is shown when it has finished."""
        if self.running(run_id) is not None:
            self._journal.used(run_id, usage)
        return []

    def length(self, run_id: str) -> int:
        """How many code points of a run's text there are."""
        run = self._journal.find(run_id)
        return run.length if run else 0

    def active(self) -> tuple[ActiveRun, ...]:
        return tuple(
            ActiveRun(
                run_id=run.run_id,
                agent_id=run.agent_id,
                trigger=run.trigger,
                length=0 if run.purpose == "select" else run.length,
                purpose="select" if run.purpose == "select" else None,
                waiting=run.status == "waiting",
            )
            for run in self._under_way()
        )

    def missed(self, known: dict[str, int]) -> list[RunDelta]:
        """What a resuming client has not seen of the runs under way; `known` holds its offsets."""
        deltas = []
        for run in self._under_way():
            offset = min(known.get(run.run_id, 0), run.length)
            if offset < run.length and run.purpose == "answer":
                text = self._journal.text(run.run_id)[offset:]
                deltas.append(RunDelta(run_id=run.run_id, agent_id=run.agent_id, offset=offset, text=text))
        return deltas

    def _under_way(self) -> list[Run]:
        return sorted(
            (run for status in ("running", "waiting") for run in self._journal.of_status(status)),
            key=lambda run: run.run_id,
        )

    # ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def ended(self, happening: RunEnded) -> Ended | None:
        """None when that run is not under way."""
        run = self.running(happening.run_id)
        return None if run is None else self._finish(run, happening.outcome, happening.usage, happening.error)

    def stop(self, run: Run, outcome: RunOutcome, error: str | None = None) -> Ended:
        """Ends a run from our side, and the call to its model."""
        ended = self._finish(run, outcome, run.part_usage, error)
        return Ended(run, outcome, [StopRun(run.run_id), *ended.effects])

    def chosen(self, user_id: str, command: RunsCancel) -> list[Run]:
        """The open runs that a command means. Raises InvalidBody, and NotFound when there never was such a run."""
        if (command.run_id is None) == (command.client_msg_id is None):
            raise InvalidBody("runs.cancel: give run_id or client_msg_id")
        if command.run_id is not None:
            run = self._journal.find(command.run_id)
            if run is None:
                raise NotFound("There is no such run")
            return [run] if run.status != "finished" else []
        by_name = command.client_msg_id
        sent = self._room.journal.sent(user_id, by_name) if by_name is not None else None
        if sent is None:
            raise NotFound("There is no such message of yours")
        return self._journal.open_of(sent.seq)

    def unfinished(self) -> list[Run]:
        return self._journal.unfinished()

    def orphans(self) -> list[Run]:
        """In a new instance nothing drives what was running in the last one."""
        return self._journal.of_status("running")

    def silent(self) -> tuple[list[Run], list[Effect]]:
        """Runs whose lease is over; and when to look at the others."""
        now_ms = self._room.clock()
        running = self._journal.of_status("running")
        over = [run for run in running if run.lease_until_ms <= now_ms]
        return over, [RingAt(run.lease_until_ms) for run in running if run.lease_until_ms > now_ms]

    def _finish(self, run: Run, outcome: RunOutcome, usage: Usage, error: str | None) -> Ended:
        """What was shown stays: a text cut short is kept as the message it had become."""
        room, actor = self._room, self._room.agent_actor(run.agent_id)
        effects: list[Effect] = [] if run.status in ("running", "waiting") else [TellAll(self._started(run))]
        effects += self._approvals.close(run)
        text = self._journal.text(run.run_id)
        message_seq = None
        mentions: tuple[Mention, ...] = ()
        if run.purpose == "answer" and text.strip():
            mentions = called(text, room.agents, run.agent_id)
            message = MessageCreated(text=text, mentions=mentions)
            event, body = room.append(message, actor, causation=run.trigger, run_id=run.run_id)
            message_seq = event.seq
            effects.append(TellAll(body))
            room.count("message", "agent")
        used = run.usage.plus(usage)
        finished = RunFinished(
            run_id=run.run_id,
            agent_id=run.agent_id,
            outcome=outcome,
            usage=used,
            message_seq=message_seq,
            error=error,
        )
        event, body = room.append(finished, actor, causation=run.trigger, run_id=run.run_id)
        self._journal.count(rfc3339(room.clock())[:10], run.agent_id, used)
        room.count("run", outcome)
        room.count("tokens", "input", used.input_tokens)
        room.count("tokens", "output", used.output_tokens)
        self._journal.finished(run.run_id, message_seq, event.seq)
        shown = [*effects, TellAll(body), TellReaders(run.run_id, body, is_last=True), *self._reports.fresh()]
        return Ended(run, outcome, shown, message_seq, mentions, text)

    def _started(self, run: Run) -> str:
        started = RunStarted(
            run_id=run.run_id,
            agent_id=run.agent_id,
            trigger=run.trigger,
            purpose="select" if run.purpose == "select" else None,
        )
        actor = self._room.agent_actor(run.agent_id)
        return self._room.append(started, actor, causation=run.trigger, run_id=run.run_id)[1]

    def _day_is_spent(self) -> bool:
        limit = self._room.known().turns.daily_token_limit
        return limit is not None and self._journal.tokens_of(rfc3339(self._room.clock())[:10]) >= limit
