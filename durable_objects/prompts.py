"""What an agent is asked: the conversation as far as it may be seen, and what is known of the room.

Law: an agent sees no more than both itself and the person behind its run may see.
"""

from typing import Final

from durable_objects.room import Room
from durable_objects.run_journal import Run
from shared.agent_api import AgentRunRequest, DeferredToolResults, RunContext
from shared.protocol import Actor

TRANSCRIPT_MESSAGES: Final = 200
TRANSCRIPT_CHARS: Final = 400_000
"""Of all texts together, however long the latest were: a request has to be of a size that is taken."""


class Prompts:
    def __init__(self, room: Room) -> None:
        self._room = room

    def of(self, run_id: str) -> str | None:
        """The request of a run's next part, an AgentRunRequest in JSON; None when the run is no longer under way."""
        run = self._room.journal.runs.find(run_id)
        if run is None or run.status != "running" or run.agent_id not in self._room.agents:
            return None
        first_seq = self._room.first_seq_of_all((run.agent_id, run.requested_by))
        messages = self._room.journal.transcript(first_seq, run.trigger, TRANSCRIPT_MESSAGES, TRANSCRIPT_CHARS)
        deferred = None if run.deferred is None else DeferredToolResults.model_validate_json(run.deferred)
        rest = AgentRunRequest(agent_id=run.agent_id, messages=(), context=self._context(run), deferred=deferred)
        return f'{{"messages":{messages},{rest.model_dump_json(exclude={"messages"})[1:]}'

    def _context(self, run: Run) -> RunContext:
        room, roster = self._room, self._room.known()
        requester = room.members.get(run.requested_by)
        others = tuple(agent for agent in room.agent_list() if agent.id != run.agent_id)
        limit = roster.turns.run_token_limit
        return RunContext(
            group_id=roster.group_id,
            run_id=run.run_id,
            title=roster.title,
            trigger=run.trigger,
            agent=room.agents[run.agent_id],
            members=roster.members,
            requested_by=Actor(
                kind="user", id=run.requested_by, name=requester.name if requester else run.requested_by
            ),
            purpose=run.purpose,
            candidates=others if run.purpose == "select" else (),
            output_token_limit=None if limit is None else max(limit - run.usage.output_tokens, 1),
        )
