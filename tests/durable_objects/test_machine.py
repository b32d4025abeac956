"""Whatever people, agents and the platform do in whatever order: the promises hold.

A hypothesis state machine against the core. The model is plain: what was acknowledged, and what each socket has heard.
"""

import json

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from durable_objects.calls import ErasePerson
from durable_objects.effects import Rang, RunDeferred
from durable_objects.messages import SNAPSHOT_MESSAGES
from durable_objects.runs import LEASE_MS
from durable_objects.sealing import Chain, sealed
from shared.agent_api import DeferredToolRequests, ToolCall
from shared.protocol import OnBusy, TurnPolicy, TurnSettings, Usage
from tests.durable_objects.house import Chair, Frame, House, agent_id, parsed, user_id
from tests.durable_objects.oracle import assert_same_room, believed

PEOPLE = ("ada", "ben", "cleo")
TEXTS = ("hi", "@scribe please", "@librarian and @scribe", "✓ grüß dich 👋🏽", "why?")
WORDS = ("word ", "ümlaut ", "👋🏽", "@librarian ", "@scribe ")
POLICIES = ("mention", "all", "round_robin", "selector", "silent")
BUSY = ("queue", "merge", "interrupt", "drop")
ORDER = ToolCall(tool_call_id="c1", tool_name="order", args="{}")
VERBS = ("edit", "delete", "react", "read")
numbers = strategies.integers(0, 50)
people = strategies.sampled_from(PEOPLE)


class RoomMachine(RuleBasedStateMachine):
    @initialize()
    def open_house(self) -> None:
        self.house = House(PEOPLE, ("scribe", "librarian"))
        self.acknowledged: dict[tuple[str, str], tuple[int, str]] = {}
        self.erased: set[str] = set()
        self.keys: dict[str, bytes] = {}
        self.sealed: dict[str, str] = {}
        self.links: dict[int, str] = {}
        self.resumed_from: dict[str, int] = {}
        self.chairs: list[Chair] = []
        for name in ("ada", "ben"):
            self.join(name, fresh=False, back=100)

    def chair(self, which: int) -> Chair:
        """One of the sockets that are open; Ada always has one."""
        self.chairs = [chair for chair in self.chairs if chair.socket_id in self.house.sockets.open]
        if not self.chairs:
            self.join("ada", fresh=True, back=0)
        return self.chairs[which % len(self.chairs)]

    # ── coming and going ────────────────────────────────────────────────────────────────────────────────────────────

    @rule(name=people, fresh=strategies.booleans(), back=strategies.integers(0, 30))
    def join(self, name: str, fresh: bool, back: int) -> None:
        if name not in self.members():
            return
        head = self.house.group.room.head
        since = max(head - back, 0)
        chair = self.house.sit(name) if fresh else self.house.sit(name, since=since)
        assert chair.hello["head"] == head
        assert chair.hello["recovered"] is not fresh
        self.resumed_from[chair.socket_id] = head if fresh else since
        self.chairs.append(chair)

    @rule(which=numbers)
    def drop(self, which: int) -> None:
        self.chair(which).leave()

    @rule(name=strategies.sampled_from(PEOPLE[1:]))
    def kick_or_invite(self, name: str) -> None:
        if name not in self.erased:
            turns = self.house.group.room.known().turns
            self.house.set_roster(sorted(self.members() ^ {name}), ("scribe", "librarian"), turns=turns)

    @rule(name=strategies.sampled_from(PEOPLE[1:]), rarely=strategies.integers(0, 3))
    def erase(self, name: str, rarely: int) -> None:
        """Whoever was erased never comes back under that id."""
        if rarely == 0 and name not in self.erased:
            known = self.house.group.room.known()
            people = tuple(member for member in known.members if member.id != user_id(name))
            without = known.model_copy(update={"members": people, "version": known.version + 1})
            self.house.call(ErasePerson(user_id=user_id(name), roster=without))
            self.erased.add(name)

    @rule(with_librarian=strategies.booleans())
    def change_agents(self, with_librarian: bool) -> None:
        agents = ("scribe", "librarian") if with_librarian else ("scribe",)
        self.house.set_roster(sorted(self.members()), agents, turns=self.house.group.room.known().turns)

    @rule(policy=strategies.sampled_from(POLICIES), on_busy=strategies.sampled_from(BUSY))
    def change_turns(self, policy: TurnPolicy, on_busy: OnBusy) -> None:
        turns = TurnSettings(turn_policy=policy, on_busy=on_busy, selector_agent_id=agent_id("scribe"), turn_budget=2)
        agents = tuple(agent.handle for agent in self.house.group.room.agent_list())
        self.house.set_roster(sorted(self.members()), agents, turns=turns)

    @rule(name=strategies.sampled_from((*PEOPLE, "scribe")), number=strategies.integers(0, 2))
    def rename(self, name: str, number: int) -> None:
        agents = sorted(agent.handle for agent in self.house.group.room.known().agents)
        self.house.set_roster(sorted(self.members()), agents, called={name: f"{name.title()} {number}"})

    # ── speaking ────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(which=numbers, number=strategies.integers(0, 12), text=strategies.sampled_from(TEXTS))
    def send(self, which: int, number: int, text: str) -> None:
        """Few ids, so that many are used again: with the same text, with another, over another socket."""
        self.say(which, number, text)

    @rule(which=numbers, first=strategies.integers(0, 99), text=strategies.sampled_from(TEXTS))
    def send_several(self, which: int, first: int, text: str) -> None:
        for number in range(first, first + 4):
            self.say(which + number, number, text)

    def say(self, which: int, number: int, text: str) -> None:
        chair = self.chair(which)
        who, message_id = chair.session.user_id, f"m{number}"
        before = self.acknowledged.get((who, message_id))
        reply = chair.command("send", client_msg_id=message_id, text=text)
        if before is None:
            assert reply["ok"]["duplicate"] is False
            self.acknowledged[who, message_id] = (reply["ok"]["seq"], text)
        elif before[1] == text:
            assert (reply["ok"]["seq"], reply["ok"]["duplicate"]) == (before[0], True)
        else:
            assert reply["error"]["code"] == "conflict"

    @rule(
        which=numbers,
        choice=strategies.integers(0, 50),
        verb=strategies.sampled_from(VERBS),
    )
    def change(self, which: int, choice: int, verb: str) -> None:
        """Allowed or not: what is refused changes nothing."""
        chair = self.chair(which)
        head = self.house.group.room.head
        messages = [e["seq"] for e in self.house.log if e["type"] == "message.created"]
        seq = messages[choice % len(messages)] if messages and choice % 5 else choice % head + 1
        more: dict[str, object] = {}
        if verb == "edit":
            more = {"text": "edited"}
        elif verb == "react":
            more = {"emoji": "👍", "on": choice % 3 > 0}
        reply = chair.command(verb, seq=seq, **more)
        if "error" in reply:
            assert reply["error"]["code"] in ("forbidden", "not_found")
            assert self.house.group.room.head == head

    # ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(choice=strategies.integers(0, 3), text=strategies.sampled_from(WORDS))
    def agent_says(self, choice: int, text: str) -> None:
        active = self.house.group.rules.runs.active()
        if active:
            self.house.say(active[choice % len(active)].run_id, text)

    @rule(choice=strategies.integers(0, 3))
    def agent_ends(self, choice: int) -> None:
        active = self.house.group.rules.runs.active()
        if active:
            self.house.end(active[choice % len(active)].run_id)

    @rule(choice=strategies.integers(0, 3))
    def agent_asks(self, choice: int) -> None:
        running = [run for run in self.house.group.rules.runs.active() if not run.waiting]
        if running:
            requests = DeferredToolRequests(approvals=(ORDER,), usage=Usage(requests=1))
            self.house.happen(RunDeferred(running[choice % len(running)].run_id, requests))

    @rule(which=numbers, choice=strategies.integers(0, 3), approved=strategies.booleans())
    def approve(self, which: int, choice: int, approved: bool) -> None:
        asked = [e["data"]["approval_id"] for e in self.house.log if e["type"] == "approval.requested"]
        if asked:
            approval_id = asked[-1 - choice % len(asked)]
            reply = self.chair(which).command("approve", approval_id=approval_id, approved=approved)
            assert "ok" in reply or reply["error"]["code"] in ("forbidden", "conflict")

    @rule(which=numbers, choice=strategies.integers(0, 3))
    def cancel(self, which: int, choice: int) -> None:
        active = self.house.group.rules.runs.active()
        if active:
            self.chair(which).ok("runs.cancel", run_id=active[choice % len(active)].run_id)

    # ── the platform ────────────────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def hibernate(self) -> None:
        self.house.wake()

    @rule()
    def time_passes(self) -> None:
        self.house.now_ms += LEASE_MS
        self.house.happen(Rang())

    # ── what holds ──────────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_log_is_contiguous_and_holds_what_was_acknowledged(self) -> None:
        log = self.house.log
        assert [e["seq"] for e in log] == list(range(1, len(log) + 1))
        sent = {
            (e["actor"]["id"], e["data"]["client_msg_id"]): (e["seq"], e["data"]["text"])
            for e in log
            if e["type"] == "message.created" and "client_msg_id" in e["data"]
        }
        gone = {user_id(name) for name in self.erased}
        kept = {key: (seq, "" if key[0] in gone else text) for key, (seq, text) in self.acknowledged.items()}
        assert sent == kept

    @invariant()
    def of_the_erased_there_is_neither_name_nor_word(self) -> None:
        for event in self.house.log:
            if (event["data"].get("member") or event["actor"])["id"] in {user_id(name) for name in self.erased}:
                assert "digests" in event
                assert {event["data"].get("text", ""), event["data"].get("member", event["actor"])["name"]} == {""}

    @invariant()
    def erasing_leaves_the_chain_as_it_was(self) -> None:
        """The first link of each event as the chain had it before, made with keys that a test may keep."""
        chain = Chain(len(self.house.log))
        for page in self.house.group.room.journal.pages(0, 100):
            for body in page:
                if body not in self.sealed:
                    self.sealed[body] = sealed(body, self.key_of)
                chain.add(self.sealed[body])
                self.links.setdefault(chain.count, chain.head)
                assert self.links[chain.count] == chain.head

    def key_of(self, subject: str) -> bytes:
        """The group's own key, remembered beyond its end."""
        if subject not in self.keys:
            self.keys[subject] = bytes.fromhex(self.house.group.room.journal.seal_key(subject, self.house.new_key))
        return self.keys[subject]

    @invariant()
    def every_socket_has_heard_exactly_what_came_since_its_hello(self) -> None:
        log = self.house.log
        for session in self.house.sockets.sessions():
            if session.ready:
                heard = Chair(self.house, session.socket_id).events
                assert [self.wordless(e) for e in heard] == [
                    self.wordless(e) for e in log[self.resumed_from[session.socket_id] :]
                ]

    @invariant()
    def every_run_starts_once_and_ends_at_most_once(self) -> None:
        started = [e["data"]["run_id"] for e in self.house.log if e["type"] == "run.started"]
        finished = [e["data"]["run_id"] for e in self.house.log if e["type"] == "run.finished"]
        assert len(set(started)) == len(started)
        assert len(set(finished)) == len(finished)
        assert set(started) - set(finished) == {run.run_id for run in self.house.group.rules.runs.active()}

    @invariant()
    def a_snapshot_is_what_the_events_add_up_to(self) -> None:
        chair = self.house.connect("ada")
        hello = chair.ok("hello")
        assert_same_room(hello, believed(self.house.log), SNAPSHOT_MESSAGES)
        chair.leave()

    def wordless(self, event: Frame) -> Frame:
        """As it is heard and as it is kept, somebody who was erased meanwhile left aside."""
        who = (event["data"].get("member") or event["actor"])["id"].removeprefix("usr_")
        if who not in self.erased:
            return event
        bare = parsed(sealed(json.dumps(event), lambda _: bytes(32)))
        return {name: value for name, value in bare.items() if name != "digests"}

    def teardown(self) -> None:
        self.house.sql.close()

    def members(self) -> set[str]:
        return {member.id.removeprefix("usr_") for member in self.house.group.room.known().members}


TestRoom = RoomMachine.TestCase
TestRoom.settings = settings(max_examples=120, stateful_step_count=60, deadline=None, derandomize=True)
