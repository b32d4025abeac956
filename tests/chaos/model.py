"""A group that keeps every promise, in memory: it plays random clients and writes down what they would have noticed.

Law: knows nothing of the checker. Whatever it records is a valid history, with everything in it that a hard life
brings: answers that never came, repeats, sockets that break in the middle, runs that are cut.
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tools.chaos.history import (
    DeltaSeen,
    Disconnected,
    EventSeen,
    FinalLog,
    HelloAnswered,
    HelloSaid,
    Record,
    SendAcked,
    SendInvoked,
    SendRefused,
    SendUnknown,
    Settled,
)

EPOCH = "epo_1"
SCRIBE = "agt_scribe"


@dataclass
class Line:
    """One connection: what is on its way, and what has come."""

    number: int
    client: str
    queue: list[EventSeen | DeltaSeen] = field(default_factory=list)


@dataclass
class Run:
    run_id: str
    trigger: int
    text: str = ""


@dataclass
class Client:
    """A person with at most one connection of their own."""

    name: str
    line: Line | None = None
    position: int = 0
    known: dict[str, int] = field(default_factory=dict)
    unanswered: list[SendInvoked] = field(default_factory=list)
    answered: list[SendInvoked] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        return f"usr_{self.name}"


class Model:
    def __init__(self, chance: Random, clients: int = 4) -> None:
        self.history: list[Record] = []
        self.log: list[str] = []
        self._chance = chance
        self._clients = [Client(f"client{n}") for n in range(clients)]
        self._stored: dict[tuple[str, str], int] = {}
        self._runs: list[Run] = []
        self._lines: list[Line] = []
        self._ops = self._connections = self._run_ids = 0

    def play(self, steps: int) -> list[Record]:
        self._append("group.updated", {"title": "Test"}, kind="system", actor="system")
        for client in self._clients:
            self._connect(client, since=0)
        for _ in range(steps):
            self._step(self._chance.choice(self._clients))
        self._end()
        return self.history

    # ── what clients do ─────────────────────────────────────────────────────────────────────────────────────────────

    def _step(self, client: Client) -> None:
        roll = self._chance.random()
        if client.line is None:
            self._connect(client, since=self._chance.choice([client.position, client.position, 0, None]))
        elif roll < 0.35:
            self._send(client, self._new(client))
        elif roll < 0.45 and client.unanswered:
            self._send(client, client.unanswered.pop())
        elif roll < 0.5 and client.answered:
            self._send(client, self._chance.choice(client.answered))
        elif roll < 0.55:
            self._disconnect(client, "cut")
        elif roll < 0.57:
            self._crash()
        elif roll < 0.75 and self._runs:
            self._go_on(self._chance.choice(self._runs))
        else:
            self._deliver(client, self._chance.randint(1, 8))

    def _new(self, client: Client) -> SendInvoked:
        number = self._ops + 1
        text = f"message {number}" + (" @scribe" if self._chance.random() < 0.2 else "")
        return SendInvoked(0, client.name, client.user_id, None, f"m{number}", text)

    def _send(self, client: Client, message: SendInvoked) -> None:
        """Over the own socket or over HTTP; the answer comes, or is lost before or behind the group."""
        self._ops += 1
        line = client.line if self._chance.random() < 0.7 else None
        connection = line.number if line else None
        invoked = SendInvoked(self._ops, client.name, client.user_id, connection, message.client_msg_id, message.text)
        self.history.append(invoked)
        fate = self._chance.random()
        if fate < 0.04 and (client.user_id, message.client_msg_id) not in self._stored:
            self.history.append(SendRefused(self._ops, "busy"))
            client.unanswered.append(message)
            return
        duplicate, seq = (True, 0) if fate < 0.1 else self._store(invoked)
        if fate < 0.2:
            self.history.append(SendUnknown(self._ops, "no answer"))
            client.unanswered.append(message)
        else:
            self.history.append(SendAcked(self._ops, seq, duplicate))
            client.answered.append(message)

    def _connect(self, client: Client, since: int | None) -> None:
        self._connections += 1
        number, head = self._connections, len(self.log)
        known = dict(client.known) if since is not None and self._chance.random() < 0.7 else {}
        runs = tuple((run.run_id, len(run.text)) for run in self._runs)
        said = HelloSaid(number, client.name, since, EPOCH if since is not None else None, tuple(known.items()))
        recovered = since is not None
        self.history += [
            said,
            HelloAnswered(number, EPOCH, head, recovered, None if recovered else head, runs),
        ]
        client.line = Line(number, client.name)
        client.known = {run_id: min(known.get(run_id, 0), length) for run_id, length in runs}
        client.position = head if since is None else since
        client.line.queue += [EventSeen(number, seq, self.log[seq - 1]) for seq in range(client.position + 1, head + 1)]
        for run in self._runs:
            offset = min(known.get(run.run_id, 0), len(run.text))
            if offset < len(run.text):
                client.line.queue.append(DeltaSeen(number, run.run_id, offset, run.text[offset:]))
        self._lines.append(client.line)

    def _disconnect(self, client: Client, reason: str) -> None:
        if client.line is not None:
            self._deliver(client, self._chance.randint(0, len(client.line.queue)))
            self._lines.remove(client.line)
            self.history.append(Disconnected(client.line.number, reason))
            client.line = None

    def _deliver(self, client: Client, count: int) -> None:
        line = client.line
        if line is None:
            return
        for record in line.queue[:count]:
            self.history.append(record)
            if isinstance(record, EventSeen):
                client.position = record.seq
            else:
                client.known[record.run_id] = record.offset + len(record.text)
        del line.queue[:count]

    # ── what the group does ─────────────────────────────────────────────────────────────────────────────────────────

    def _store(self, invoked: SendInvoked) -> tuple[bool, int]:
        key = invoked.user_id, invoked.client_msg_id
        if key in self._stored:
            return True, self._stored[key]
        asked = "@scribe" in invoked.text
        mentions = [{"id": SCRIBE, "kind": "agent"}] if asked else []
        data = {"client_msg_id": invoked.client_msg_id, "mentions": mentions, "text": invoked.text}
        seq = self._append("message.created", data, actor=invoked.user_id)
        self._stored[key] = seq
        if asked:
            self._run_ids += 1
            run = Run(f"run_{self._run_ids}", seq)
            self._runs.append(run)
            self._append_of(run, "run.started", {"trigger": seq})
        return False, seq

    def _go_on(self, run: Run) -> None:
        if self._chance.random() < 0.25:
            self._finish(run, "success")
            return
        piece = self._chance.choice(["Said. ", "**Decided** ", "- Ada: “yes” ", "🐟 "])
        for line in self._lines:
            line.queue.append(DeltaSeen(line.number, run.run_id, len(run.text), piece))
        run.text += piece

    def _finish(self, run: Run, outcome: str) -> None:
        self._runs.remove(run)
        ending: dict[str, Any] = {"outcome": outcome}
        if run.text:
            ending["message_seq"] = self._append_of(run, "message.created", {"mentions": [], "text": run.text})
        self._append_of(run, "run.finished", ending)

    def _crash(self) -> None:
        for client in self._clients:
            self._disconnect(client, "crash")
        for run in [*self._runs]:
            self._finish(run, "interrupted")

    def _append_of(self, run: Run, kind: str, data: dict[str, Any]) -> int:
        named = data if kind == "message.created" else data | {"agent_id": SCRIBE, "run_id": run.run_id}
        return self._append(kind, named, kind="agent", actor=SCRIBE, causation=run.trigger, run_id=run.run_id)

    def _append(self, event: str, data: dict[str, Any], *, actor: str, kind: str = "user", **more: object) -> int:
        seq = len(self.log) + 1
        who = {"id": actor, "kind": kind, "name": actor}
        body = {"actor": who, "data": data, "epoch": EPOCH, "seq": seq, "type": event, **more}
        self.log.append(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        for line in self._lines:
            line.queue.append(EventSeen(line.number, seq, self.log[-1]))
        return seq

    def _end(self) -> None:
        for run in [*self._runs]:
            self._finish(run, "success")
        for client in self._clients:
            if client.line is None:
                self._connect(client, since=client.position)
            assert client.line is not None
            self._deliver(client, len(client.line.queue))
        self.history += [Settled(), FinalLog("socket", tuple(self.log)), FinalLog("sqlite", tuple(self.log))]
