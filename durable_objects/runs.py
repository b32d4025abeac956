"""The runs of a group's agents, from being asked to having answered.

Law: run.started is followed by exactly one run.finished. A run is queued → running → finished and never goes back;
anything that arrives for a finished run is ignored. Calling the Agents Worker is the edge's business.
"""

from collections.abc import Iterable
from typing import Final

from durable_objects.effects import Effect, RingAt, RunEnded, RunSaid, StartRun, StopRun, TellAll
from durable_objects.journal import Run
from durable_objects.messages import Messages
from durable_objects.room import Room
from shared.agent_api import AgentRunRequest, RunContext, TurnMessage
from shared.errors import NotFound
from shared.protocol import Actor, MessageCreated, RunFinished, RunOutcome, RunsCancel, RunStarted, Usage
from shared.replies import ActiveRun, RunDelta

LEASE_MS: Final = 60_000
TRANSCRIPT_MESSAGES: Final = 200


class Runs:
    def __init__(self, room: Room, messages: Messages) -> None:
        self._room = room
        self._journal = room.journal
        self._messages = messages

    def request(self, agent_ids: Iterable[str], trigger: int, requested_by: str) -> list[Effect]:
        """Each agent answers once; one that is still speaking answers when it is done."""
        for agent_id in agent_ids:
            self._journal.add_run(self._room.make_id("run"), agent_id, trigger, requested_by)
        return self._start_queued()

    def said(self, happening: RunSaid) -> list[Effect]:
        run = self._journal.run(happening.run_id)
        if run is None or run.status != "running" or not happening.text:
            return []
        self._journal.run_said(run, happening.text, self._room.clock() + LEASE_MS)
        delta = RunDelta(run_id=run.run_id, agent_id=run.agent_id, offset=run.length, text=happening.text)
        return [TellAll(delta.model_dump_json())]

    def ended(self, happening: RunEnded) -> list[Effect]:
        run = self._journal.run(happening.run_id)
        if run is None or run.status != "running":
            return []
        return [*self._finish(run, happening.outcome, happening.usage, happening.error), *self._start_queued()]

    def cancel(self, user_id: str, command: RunsCancel) -> list[Effect]:
        """One that is over already stays as it is. Raises NotFound when there is no such run."""
        self._room.person(user_id)
        effects: list[Effect] = []
        for run in self._chosen(user_id, command):
            effects += [StopRun(run.run_id), *self._finish(run, "cancelled", Usage(), None)]
        return effects + self._start_queued()

    def cancel_all(self) -> list[Effect]:
        """Archiving stops what is being said."""
        effects: list[Effect] = []
        for run in [*self._journal.runs("running"), *self._journal.runs("queued")]:
            effects += [StopRun(run.run_id), *self._finish(run, "cancelled", Usage(), None)]
        return effects

    def interrupt_orphans(self) -> list[Effect]:
        """In a new instance nothing drives what was running in the last one."""
        effects: list[Effect] = []
        for run in self._journal.runs("running"):
            effects += self._finish(run, "interrupted", Usage(), None)
        return effects + self._start_queued() if self._room.status == "active" else effects

    def reap(self) -> list[Effect]:
        """Ends runs whose lease is over; rings again for those that still have one."""
        now = self._room.clock()
        effects: list[Effect] = []
        for run in self._journal.runs("running"):
            if run.lease_until_ms <= now:
                effects += [StopRun(run.run_id), *self._finish(run, "interrupted", Usage(), "The agent went silent")]
            else:
                effects.append(RingAt(run.lease_until_ms))
        return effects + self._start_queued() if self._room.status == "active" else effects

    def active(self) -> tuple[ActiveRun, ...]:
        return tuple(
            ActiveRun(run_id=run.run_id, agent_id=run.agent_id, trigger=run.trigger, length=run.length)
            for run in self._journal.runs("running")
        )

    def missed(self, known: dict[str, int]) -> list[RunDelta]:
        """What a resuming client has not seen of the runs under way; `known` holds its offsets."""
        deltas = []
        for run in self._journal.runs("running"):
            offset = min(known.get(run.run_id, 0), run.length)
            if offset < run.length:
                text = self._journal.run_text(run.run_id)[offset:]
                deltas.append(RunDelta(run_id=run.run_id, agent_id=run.agent_id, offset=offset, text=text))
        return deltas

    def prompt(self, run_id: str) -> AgentRunRequest | None:
        """What the agent is asked; None when the run is no longer under way."""
        run = self._journal.run(run_id)
        profile = self._room.agents.get(run.agent_id) if run else None
        if run is None or profile is None or run.status != "running":
            return None
        roster = self._room.known()
        requester = self._room.members.get(run.requested_by)
        return AgentRunRequest(
            agent_id=run.agent_id,
            messages=tuple(self._transcript(run.agent_id)),
            context=RunContext(
                group_id=roster.group_id,
                run_id=run_id,
                title=roster.title,
                trigger=run.trigger,
                agent=profile,
                members=roster.members,
                requested_by=Actor(
                    kind="user", id=run.requested_by, name=requester.name if requester else run.requested_by
                ),
            ),
        )

    def _transcript(self, agent_id: str) -> Iterable[TurnMessage]:
        for state in self._messages.states(self._room.first_seq(agent_id), TRANSCRIPT_MESSAGES):
            if not state.deleted:
                yield TurnMessage(
                    seq=state.seq, ts=state.ts, sender=state.actor, text=state.text, reply_to=state.reply_to
                )

    def _chosen(self, user_id: str, command: RunsCancel) -> list[Run]:
        if command.run_id is not None:
            run = self._journal.run(command.run_id)
            if run is None:
                raise NotFound("There is no such run")
            return [run] if run.status != "finished" else []
        sent = self._journal.sent(user_id, command.client_msg_id) if command.client_msg_id is not None else None
        if sent is None:
            raise NotFound("There is no such message of yours")
        return self._journal.open_runs_of(sent.seq)

    def _start_queued(self) -> list[Effect]:
        busy = {run.agent_id for run in self._journal.runs("running")}
        effects: list[Effect] = []
        for run in self._journal.runs("queued"):
            if run.agent_id in busy:
                continue
            if run.agent_id not in self._room.agents:
                effects += self._finish(run, "cancelled", Usage(), "The agent has left the group")
                continue
            busy.add(run.agent_id)
            effects += self._start(run)
        return effects

    def _start(self, run: Run) -> list[Effect]:
        lease_until_ms = self._room.clock() + LEASE_MS
        self._journal.run_started(run.run_id, lease_until_ms)
        return [TellAll(self._started(run)), StartRun(run.run_id), RingAt(lease_until_ms)]

    def _started(self, run: Run) -> str:
        started = RunStarted(run_id=run.run_id, agent_id=run.agent_id, trigger=run.trigger)
        actor = self._room.agent_actor(run.agent_id)
        return self._room.append(started, actor, causation=run.trigger, run_id=run.run_id)[1]

    def _finish(self, run: Run, outcome: RunOutcome, usage: Usage, error: str | None) -> list[Effect]:
        """What was shown stays: a text cut short is kept as the message it had become."""
        actor = self._room.agent_actor(run.agent_id)
        effects: list[Effect] = [] if run.status == "running" else [TellAll(self._started(run))]
        text = self._journal.run_text(run.run_id)
        message_seq = None
        if text.strip():
            event, body = self._room.append(
                MessageCreated(text=text, reply_to=None), actor, causation=run.trigger, run_id=run.run_id
            )
            message_seq = event.seq
            effects.append(TellAll(body))
        finished = RunFinished(
            run_id=run.run_id,
            agent_id=run.agent_id,
            outcome=outcome,
            usage=usage,
            message_seq=message_seq,
            error=error,
        )
        _, body = self._room.append(finished, actor, causation=run.trigger, run_id=run.run_id)
        self._journal.run_finished(run.run_id)
        return [*effects, TellAll(body)]
