"""Whatever people and the platform do to a real group, in whatever order: the promises hold.

The short sister of `tests/durable_objects/test_machine.py`: hypothesis writes the programs, the runtime plays them.
"""

import asyncio
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.durable_objects.oracle import assert_same_room, believed
from tests.e2e.deployment import Team
from tests.e2e.seat import Frame, Seat, take_seat

CONTROLLER = "GroupController"
SNAPSHOT_MESSAGES = 50
OTHERS = ("ben", "cleo")
people = st.sampled_from(("ada", *OTHERS))
number = st.integers(0, 9)
STEPS = st.one_of(
    st.tuples(st.just("send"), people, number),
    st.tuples(st.just("send"), people, number),
    st.tuples(st.just("edit"), people, number),
    st.tuples(st.just("delete"), people, number),
    st.tuples(st.just("react"), people, number),
    st.tuples(st.just("read"), people, number),
    st.tuples(st.just("drop"), people, number),
    st.tuples(st.just("kick"), st.sampled_from(OTHERS), number),
    st.tuples(st.just("invite"), st.sampled_from(OTHERS), number),
    st.tuples(st.just("ask"), people, number),
    st.tuples(st.just("hibernate"), people, number),
)
PROGRAMS = st.lists(STEPS, min_size=12, max_size=30)


@dataclass
class Play:
    """One group, and what its people have been told."""

    team: Team
    group_id: str
    members: set[str] = field(default_factory=lambda: {"ada", *OTHERS})
    acknowledged: dict[tuple[str, str], int] = field(default_factory=dict)
    heard: dict[str, list[Frame]] = field(default_factory=lambda: {name: [] for name in ("ada", *OTHERS)})

    async def run(self, program: list[tuple[str, str, int]]) -> None:
        for verb, who, n in program:
            if verb in ("kick", "invite"):
                await asyncio.to_thread(self.change_member, verb, who)
            elif verb == "hibernate":
                await asyncio.to_thread(self.team.deployment.stack.evict, CONTROLLER, self.group_id)
            elif who in self.members:
                await self.act(verb, who, n)
        await self.judge()

    async def act(self, verb: str, who: str, n: int) -> None:
        """Comes back from where this person was, does one thing, and breaks off or leaves."""
        async with self.seat(who) as seat:
            if verb in ("send", "ask"):
                await self.send(seat, who, f"{verb}{n}", "@scribe sum up" if verb == "ask" else f"number {n}")
            elif verb == "drop":
                seat.cut()
            elif verb == "read":
                await seat.command("read", seq=n)
            else:
                more = {"edit": {"text": "edited"}, "react": {"emoji": "👍"}}.get(verb, {})
                seqs = sorted(self.acknowledged.values()) or [1]
                await seat.command(verb, seq=seqs[n % len(seqs)], **more)

    async def send(self, seat: Seat, who: str, name: str, text: str) -> None:
        ok = await seat.ok("send", client_msg_id=name, text=text)
        before = self.acknowledged.setdefault((who, name), ok["seq"])
        assert ok["seq"] == before

    def seat(self, who: str) -> "Returning":
        return Returning(self, who)

    def change_member(self, verb: str, who: str) -> None:
        user_id = self.team.ids[who]
        if verb == "kick" and who in self.members:
            assert self.team.call("ada", "DELETE", f"/groups/{self.group_id}/members/{user_id}").is_success
            self.members.discard(who)
        elif verb == "invite" and who not in self.members:
            self.team.post("ada", f"/groups/{self.group_id}/members", {"user_id": user_id, "role": "member"})
            self.members.add(who)

    async def judge(self) -> None:
        """Everybody hears the same log to its end; a fresh comer sees the room that it adds up to."""
        async with self.seat("ada") as ada:
            head = await self.quiet(ada)
        async with take_seat(self.team, "ada", self.group_id, since=0) as whole:
            await whole.until_seq(head)
            log = whole.events[:head]
        assert [event["seq"] for event in log] == list(range(1, head + 1))
        sent = {
            (event["actor"]["id"], event["data"]["client_msg_id"]): event["seq"]
            for event in log
            if event["type"] == "message.created" and "client_msg_id" in event["data"]
        }
        assert sent == {(self.team.ids[who], name): seq for (who, name), seq in self.acknowledged.items()}
        for name, heard in self.heard.items():
            assert [e["seq"] for e in heard] == sorted({e["seq"] for e in heard}), name
            assert all(event == log[event["seq"] - 1] for event in heard if event["seq"] <= head), name
        async with take_seat(self.team, "ada", self.group_id) as fresh:
            assert_same_room(fresh.hello, believed(log), SNAPSHOT_MESSAGES)

    async def quiet(self, ada: Seat) -> int:
        """The head, once no run is under way any more."""

        def over() -> list[Frame]:
            seen = self.heard["ada"] + ada.events
            started, finished = (
                {e["run_id"] for e in seen if e["type"] == f"run.{how}"} for how in ("started", "finished")
            )
            return [{"runs": len(finished)}] if started == finished else []

        await ada.until(over, "the end of all runs")
        return int((await ada.ok("history", limit=1))["events"][0]["seq"])


class Returning:
    """A seat that resumes where its person was, and keeps what they hear."""

    def __init__(self, play: Play, who: str) -> None:
        self._play = play
        self._who = who
        heard = play.heard[who]
        self._seat = take_seat(play.team, who, play.group_id, since=heard[-1]["seq"] if heard else 0)

    async def __aenter__(self) -> Seat:
        self._open = await self._seat.__aenter__()
        assert self._open.hello["recovered"] is True
        return self._open

    async def __aexit__(self, *_: object) -> None:
        await self._seat.__aexit__(None, None, None)
        self._play.heard[self._who] += self._open.events


def test_the_promises_hold_on_the_real_runtime(team: Team) -> None:
    # Not an argument: hypothesis would write out all of the stack's log beside a program that failed.
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(program=PROGRAMS)
    def play(program: list[tuple[str, str, int]]) -> None:
        asyncio.run(Play(team, team.new_group(*OTHERS)).run(program))

    play()
