"""The texts of agents' runs, as far as they are known.

Law: a run's text only grows, and only by what continues it; offsets count Unicode code points. The final message
settles what deltas left open.
"""

from dataclasses import dataclass, replace
from typing import Final

from parley.events import Event, MessageCreated, RunDelta, RunFinished, RunStarted, Snapshot
from parley.replies import ActiveRun

_FINISHED_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Run:
    """`outcome` is None while it lasts. `whole` is False once a part of the text was missed. `purpose` is `select` when
    the agent only decides who answers."""

    run_id: str
    agent_id: str
    trigger: int | None = None
    text: str = ""
    whole: bool = True
    outcome: str | None = None
    error: str | None = None
    purpose: str | None = None


class Gap(Exception):
    """A delta that does not continue the text, for the first time: ask the server to go back."""


class Runs:
    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._asked: set[str] = set()

    def get(self, run_id: str) -> Run | None:
        return self._runs.get(run_id)

    def offsets(self) -> dict[str, int]:
        """How much of each unfinished run is known."""
        return {run.run_id: len(run.text) for run in self._runs.values() if run.outcome is None}

    def active(self) -> tuple[Run, ...]:
        return tuple(run for run in self._runs.values() if run.outcome is None)

    def announce(self, active: tuple[ActiveRun, ...]) -> None:
        for run in active:
            self._runs.setdefault(run.run_id, Run(run.run_id, run.agent_id, run.trigger, purpose=run.purpose))

    def restart(self, active: tuple[ActiveRun, ...], snapshot: Snapshot) -> None:
        """The log was not continued: what is neither active nor in the snapshot will never be known to its end."""
        for message in snapshot.messages:
            if message.run_id is not None:
                self._complete(message.run_id, message.text)
        still_active = {run.run_id for run in active}
        for run_id in self.offsets().keys() - still_active:
            self._runs[run_id] = replace(self._runs[run_id], whole=False, outcome="unknown")
        self.announce(active)

    def take(self, delta: RunDelta) -> RunDelta | None:
        """What of `delta` is new. Raises Gap when the text before it is missing."""
        run = self._runs.setdefault(delta.run_id, Run(delta.run_id, delta.agent_id))
        known = len(run.text)
        if delta.offset > known:
            self._miss(run)
            return None
        fresh = delta.text[known - delta.offset :]
        if not fresh or run.outcome is not None:
            return None
        self._asked.discard(run.run_id)
        self._runs[run.run_id] = replace(run, text=run.text + fresh, whole=True)
        return RunDelta(run.run_id, run.agent_id, known, fresh)

    def _miss(self, run: Run) -> None:
        self._runs[run.run_id] = replace(run, whole=False)
        if run.run_id not in self._asked:
            self._asked.add(run.run_id)
            raise Gap

    def apply(self, event: Event) -> None:
        match event.data:
            case RunStarted(agent_id, run_id, trigger, purpose):
                self._runs.setdefault(run_id, Run(run_id, agent_id, trigger, purpose=purpose))
            case MessageCreated(text=text) if event.run_id is not None:
                self._runs.setdefault(event.run_id, Run(event.run_id, event.actor.id))
                self._complete(event.run_id, text)
            case RunFinished(run_id=run_id):
                self._finish(event.data)
            case _:
                pass

    def _complete(self, run_id: str, text: str) -> None:
        run = self._runs.get(run_id)
        if run is None:
            return
        fits = text.startswith(run.text)
        self._runs[run_id] = replace(run, text=text if fits else run.text, whole=fits)

    def _finish(self, finished: RunFinished) -> None:
        run = self._runs.pop(finished.run_id, Run(finished.run_id, finished.agent_id))
        self._runs[finished.run_id] = replace(run, outcome=finished.outcome, error=finished.error)
        done = [run.run_id for run in self._runs.values() if run.outcome is not None]
        for run_id in done[:-_FINISHED_KEPT]:
            del self._runs[run_id]
