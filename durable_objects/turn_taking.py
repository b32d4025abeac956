"""From what was said to who speaks next.

Law: a person's message is answered as the group's turn policy says; agents call each other by `@handle` alone, and only
as far as `hop_limit` and `turn_budget` allow. A person's next message gives them their turns back. The hard limits are
those of `shared.protocol`, and no setting goes beyond them.
"""

from collections.abc import Container, Iterable, Sequence
from typing import Final, Literal

from durable_objects.effects import Effect, RunEnded, TellAll
from durable_objects.room import Room
from durable_objects.run_journal import Run
from durable_objects.runs import Asked, Ended, Runs
from durable_objects.turns import addressed, next_in_turn, selected
from shared.protocol import LoopPaused, Mention, RunOutcome, RunsCancel, SelectorFailed

_TURNS_TAKEN: Final = "agent_turns"
_PAUSED: Final = "agents_paused"
_LAST_IN_TURN: Final = "last_in_turn"


class TurnTaking:
    def __init__(self, room: Room, runs: Runs) -> None:
        self._room = room
        self._journal = room.journal
        self._runs = runs

    # ── who is asked ────────────────────────────────────────────────────────────────────────────────────────────────

    def person_said(self, seq: int, user_id: str, mentions: Iterable[Mention]) -> list[Effect]:
        self._give_turns_back()
        room = self._room
        asked = Asked(seq, user_id)
        named = addressed(mentions, room.agents)
        match room.known().turns.turn_policy:
            case "silent":
                return []
            case _ if named:
                return self._ask(named, asked)
            case "mention":
                return []
            case "all":
                return self._ask(tuple(room.agents), asked)
            case "round_robin":
                return self._ask(self._next_in_turn(), asked)
            case "selector":
                return self._ask_selector(asked)

    def ended(self, happening: RunEnded) -> list[Effect]:
        """A run has come to its end: whom it called is asked, and who waited for it is started."""
        ended = self._runs.ended(happening)
        if ended is None:
            return []
        follows = self._selected(ended) if ended.run.purpose == "select" else self._agent_said(ended)
        return [*ended.effects, *follows, *self._runs.start_queued()]

    def _agent_said(self, ended: Ended) -> list[Effect]:
        """Only a whole answer calls others: one that was cut short may not have meant to."""
        called = addressed(ended.mentions, self._room.agents)
        if ended.outcome != "success" or ended.message_seq is None or not called:
            return []
        if self._room.known().turns.turn_policy == "silent":
            return []
        run, settings = ended.run, self._room.known().turns
        if run.hop >= settings.hop_limit:
            return self._pause(called, ended.message_seq, "hops")
        taken = int(self._journal.fact(_TURNS_TAKEN) or 0)
        within = called[: max(settings.turn_budget - taken, 0)]
        effects = [] if within == called else self._pause(called[len(within) :], ended.message_seq, "turns")
        if within:
            self._journal.keep(_TURNS_TAKEN, str(taken + len(within)))
        return effects + self._ask(within, Asked(ended.message_seq, run.requested_by, run.hop + 1))

    def _ask(self, agent_ids: Sequence[str], asked: Asked) -> list[Effect]:
        effects: list[Effect] = []
        for agent_id in agent_ids:
            effects += self._runs.request(agent_id, asked)
        return effects

    def _next_in_turn(self) -> tuple[str, ...]:
        chosen = next_in_turn(tuple(self._room.agents), self._journal.fact(_LAST_IN_TURN))
        for agent_id in chosen:
            self._journal.keep(_LAST_IN_TURN, agent_id)
        return chosen

    # ── the limits on agents among themselves ───────────────────────────────────────────────────────────────────────

    def _give_turns_back(self) -> None:
        for name in (_TURNS_TAKEN, _PAUSED):
            if self._journal.fact(name) is not None:
                self._journal.forget(name)

    def _pause(self, agent_ids: Sequence[str], trigger: int, limit: Literal["turns", "hops"]) -> list[Effect]:
        """Said once, until a person speaks again."""
        if self._journal.fact(_PAUSED) is not None:
            return []
        self._journal.keep(_PAUSED, limit)
        paused = LoopPaused(agent_ids=tuple(agent_ids), limit=limit, trigger=trigger)
        return [TellAll(self._room.append(paused, causation=trigger)[1])]

    # ── selectors ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask_selector(self, asked: Asked) -> list[Effect]:
        selector = self._room.known().turns.selector_agent_id
        if selector is None or selector not in self._room.agents:
            return self._nobody(None, asked.trigger, "The selector is not in this group")
        return self._runs.request(selector, asked, "select")

    def _selected(self, ended: Ended) -> list[Effect]:
        run = ended.run
        if ended.outcome == "cancelled":
            return []
        if ended.outcome != "success":
            return self._nobody(run.agent_id, run.trigger, "The selector failed")
        candidates = {key: agent for key, agent in self._room.agents.items() if key != run.agent_id}
        chosen = selected(ended.text, candidates)
        if chosen is None:
            return self._nobody(run.agent_id, run.trigger, "The selector named nobody who could answer")
        return self._ask(chosen, Asked(run.trigger, run.requested_by))

    def _nobody(self, agent_id: str | None, trigger: int, reason: str) -> list[Effect]:
        failed = SelectorFailed(agent_id=agent_id, reason=reason, trigger=trigger)
        return [TellAll(self._room.append(failed, causation=trigger)[1])]

    def let_go(self, staying: Container[str]) -> list[Effect]:
        """Stops the runs of agents that leave the group."""
        leaving = [run for run in self._runs.unfinished() if run.agent_id not in staying]
        return self._stop(leaving, "cancelled", "The agent has left the group")

    # ── runs that do not end by themselves ──────────────────────────────────────────────────────────────────────────

    def cancel(self, user_id: str, command: RunsCancel) -> list[Effect]:
        """One that is over already stays as it is. Raises NotFound when there is no such run."""
        self._room.person(user_id)
        return self._stop(self._runs.chosen(user_id, command), "cancelled")

    def cancel_all(self) -> list[Effect]:
        """Archiving stops what is being said."""
        effects: list[Effect] = []
        for run in self._runs.unfinished():
            effects += self._runs.stop(run, "cancelled").effects
        return effects

    def interrupt_orphans(self) -> list[Effect]:
        return self._stop(self._runs.orphans(), "interrupted", "The server was restarted")

    def reap(self) -> list[Effect]:
        """Ends what has gone silent; rings again for what has not."""
        silent, rings = self._runs.silent()
        return [*rings, *self._stop(silent, "interrupted", "The agent went silent")]

    def _stop(self, runs: Iterable[Run], outcome: RunOutcome, error: str | None = None) -> list[Effect]:
        effects: list[Effect] = []
        for run in runs:
            ended = self._runs.stop(run, outcome, error)
            effects += ended.effects
            if run.purpose == "select":
                effects += self._selected(ended)
        return effects + self._runs.start_queued()
