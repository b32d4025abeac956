"""What a group is right now, rebuilt from its journal whenever an instance wakes.

Law: memory is a cache of the journal. Events get their number here and are written before anybody sees them.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from durable_objects.calls import OpenSession, Roster
from durable_objects.journal import Journal, event_data
from shared.agent_api import AgentProfile
from shared.clock import Clock, rfc3339
from shared.errors import Forbidden, GroupArchived, GroupArchiving, NotFound
from shared.ids import MakeId
from shared.keys import PrivateKey
from shared.metrics import Counter
from shared.protocol import EVENT_TYPES, SYSTEM, Actor, Agent, Event, EventData, Member
from shared.signing import Audience, Signer
from shared.tokens import RoutingClaims, Tokens

VerifyRouting = Callable[[str, str], RoutingClaims]
"""A routing token and the group it must lead into → its claims. Raises InvalidCredential."""

Status = Literal["unopened", "active", "archiving", "archived", "deleting"]


@dataclass(frozen=True)
class HeldSession:
    """What a Group Controller proves itself with."""

    controller_id: str
    key: PrivateKey
    certificate: str
    expires_s: int

    def signer(self, tokens: Tokens, audience: Audience, origin: str) -> Signer:
        """Signs this group's requests to a Worker at `origin`."""
        return Signer(tokens, self.key, self.controller_id, audience, origin, self.certificate)


class Room:
    def __init__(self, journal: Journal, clock: Clock, make_id: MakeId) -> None:
        self.journal = journal
        self.clock = clock
        self.make_id = make_id
        self.reload()

    def reload(self) -> None:
        """Forgets memory and reads the journal."""
        self.counted: list[tuple[Counter, str, int]] = []
        facts = self.journal.facts()
        self.status: Status = _status(facts.get("status", "unopened"))
        self.epoch = facts.get("epoch", "")
        self.epoch_from = int(facts.get("epoch_from", "1"))
        self.head = self.journal.head()
        self.roster = Roster.model_validate_json(facts["roster"]) if "roster" in facts else None
        self.members: dict[str, Member] = {}
        self._actors: dict[str, Actor] = {}
        self.agents: dict[str, AgentProfile] = {}
        self.has_news = False
        self.hooks = frozenset(facts.get("hooks", "").split())
        if self.roster is not None:
            self._index(self.roster)

    # ── who is here ─────────────────────────────────────────────────────────────────────────────────────────────────

    def known(self) -> Roster:
        """The roster. Raises NotFound before the group was opened."""
        if self.roster is None:
            raise NotFound
        return self.roster

    def member(self, user_id: str) -> Member:
        """Raises Forbidden when this person is not, or no longer, in the group."""
        member = self.members.get(user_id)
        if member is None:
            raise Forbidden("You are not a member of this group")
        return member

    def person(self, user_id: str) -> Actor:
        """Raises Forbidden as `member` does."""
        actor = self._actors.get(user_id)
        if actor is None:
            actor = self._actors[user_id] = Actor(kind="user", id=user_id, name=self.member(user_id).name)
        return actor

    def agent_actor(self, agent_id: str) -> Actor:
        profile = self.agents.get(agent_id)
        return Actor(kind="agent", id=agent_id, name=profile.name if profile else agent_id)

    def agent_list(self) -> tuple[Agent, ...]:
        return tuple(Agent(id=a.id, handle=a.handle, name=a.name) for a in self.agents.values())

    def first_seq(self, member_id: str) -> int:
        """From which seq on this person or agent may see the log."""
        return self.journal.joined_at(member_id) if self.known().history_visibility == "since_join" else 1

    def first_seq_of_all(self, member_ids: Iterable[str]) -> int:
        """From which seq on all of these may see the log."""
        return max(self.first_seq(member_id) for member_id in member_ids)

    def is_news(self, roster: Roster) -> bool:
        return self.roster is None or roster.version > self.roster.version

    def set_roster(self, roster: Roster) -> None:
        # Apart from the roster, which the version before reads as well and would refuse.
        self.journal.keep("roster", roster.model_dump_json(exclude={"hooks"}))
        if roster.hooks:
            self.journal.keep("hooks", " ".join(roster.hooks))
        elif self.hooks:
            self.journal.forget("hooks")
        self.roster, self.hooks = roster, frozenset(roster.hooks)
        self._index(roster)

    def forget_name(self, user_id: str) -> None:
        """Of somebody who stays in the roster of a log that does not change any more."""
        roster = self.known()
        if user_id in self.members:
            nameless = (m.model_copy(update={"name": ""}) if m.id == user_id else m for m in roster.members)
            self.set_roster(roster.model_copy(update={"members": tuple(nameless)}))

    def _index(self, roster: Roster) -> None:
        self._actors.clear()
        self.members = {member.id: member for member in roster.members}
        self.agents = {agent.id: agent for agent in roster.agents}

    def count(self, counter: Counter, label: str, amount: int = 1) -> None:
        """Told to whoever counts once it is committed."""
        self.counted.append((counter, label, amount))

    # ── the session ─────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, call: OpenSession) -> None:
        """A first session makes the group; a later one replaces key and certificate."""
        if self.status == "unopened":
            self._begin_epoch()
        self.keep_session(call)

    def reopen(self) -> None:
        """An archived group lives again. Clients of before find another epoch and start anew from a snapshot."""
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self._set_status("active")
        self.epoch = self.make_id("epo")
        self.epoch_from = self.head + 1
        self.journal.keep("epoch", self.epoch)
        self.journal.keep("epoch_from", str(self.epoch_from))

    def keep_session(self, call: OpenSession) -> None:
        session = {
            "controller_id": call.controller_id,
            "epoch": call.session_epoch,
            "key": call.private_key.model_dump(),
            "certificate": call.certificate,
            "expires_s": call.certificate_expires_s,
            "agents": sorted(agent.id for agent in call.roster.agents),
        }
        self.journal.keep("session", json.dumps(session))

    def session(self) -> HeldSession:
        """Raises NotFound before the group was opened."""
        session = self._session()
        key = PrivateKey.model_validate(session["key"])
        return HeldSession(session["controller_id"], key, session["certificate"], session.get("expires_s", 0))

    def renewed(self, certificate: str, expires_s: int) -> None:
        """The same session goes on under a fresh certificate."""
        agents = sorted(agent.id for agent in self.known().agents)
        fresh = self._session() | {"certificate": certificate, "expires_s": expires_s, "agents": agents}
        self.journal.keep("session", json.dumps(fresh))

    def certificate_covers(self, roster: Roster) -> bool:
        """Whether the certificate names exactly this roster's agents. Raises NotFound before the group was opened."""
        return bool(self._session()["agents"] == sorted(agent.id for agent in roster.agents))

    def _session(self) -> dict[str, Any]:
        text = self.journal.facts().get("session")
        if text is None:
            raise NotFound
        session = json.loads(text)
        return dict(session)

    # ── the life of the group ───────────────────────────────────────────────────────────────────────────────────────

    def check_writable(self) -> None:
        """Raises GroupArchiving, GroupArchived, NotFound."""
        match self.status:
            case "active":
                return
            case "archiving":
                raise GroupArchiving
            case "archived":
                raise GroupArchived
            case "unopened" | "deleting":
                raise NotFound

    def _set_status(self, status: Status) -> None:
        self.journal.keep("status", status)
        self.status = status

    def begin_archiving(self, reason: str) -> None:
        """From now on the log grows no more."""
        self.journal.keep("archive_reason", reason)
        self._set_status("archiving")

    def archive_reason(self) -> str:
        return self.journal.facts().get("archive_reason", "")

    def end_archiving(self) -> None:
        self.journal.keep("archived_ms", str(self.clock()))
        self._set_status("archived")

    def archived_ms(self) -> int:
        return int(self.journal.facts()["archived_ms"])

    def was_archived(self) -> bool:
        """Once at least, so that there are archives in the bucket."""
        return "archived_ms" in self.journal.facts()

    def mark_for_deletion(self, reason: str) -> None:
        """Once its archive is verified."""
        self.journal.keep("deletion_reason", reason)

    def marked_for_deletion(self) -> bool:
        return "deletion_reason" in self.journal.facts()

    def deletion_reason(self) -> str:
        return self.journal.facts().get("deletion_reason", "")

    def begin_deleting(self) -> None:
        self._set_status("deleting")

    # ── the log ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def append(
        self, data: EventData, actor: Actor = SYSTEM, *, causation: int | None = None, run_id: str | None = None
    ) -> tuple[Event, str]:
        """The stored event and its text."""
        event, body = self._next(data, actor, causation, run_id)
        self.journal.append(event, body)
        self.head = event.seq
        return event, body

    def append_sent(self, data: EventData, actor: Actor, client_msg_id: str, digest: str) -> tuple[Event, str] | None:
        """As `append`, remembering what the sender called it; None when they had called another event so."""
        event, body = self._next(data, actor, None, None)
        if not self.journal.append_sent(event, body, client_msg_id, digest):
            return None
        self.head = event.seq
        return event, body

    def last_ts(self) -> str:
        """When the last thing happened here (RFC 3339)."""
        _, body = self.journal.event(self.head) or ("", "{}")
        return str(event_data(body)["ts"])

    def _next(self, data: EventData, actor: Actor, causation: int | None, run_id: str | None) -> tuple[Event, str]:
        kind = EVENT_TYPES[type(data)]
        if kind in self.hooks:
            self.has_news = True
        event = Event(
            actor=actor,
            causation=causation,
            data=data,
            epoch=self.epoch,
            run_id=run_id,
            seq=self.head + 1,
            ts=rfc3339(self.clock()),
            type=kind,
        )
        return event, event.text()


def _status(text: str) -> Status:
    match text:
        case "unopened" | "active" | "archiving" | "archived" | "deleting":
            return text
        case _:
            raise ValueError(f"unknown group status {text!r}")
