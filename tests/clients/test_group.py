import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from websockets.asyncio.server import ServerConnection

from parley.errors import Closed, ParleyError, StreamGap
from parley.events import Event, Reset, RunDelta
from parley.group import DEFAULT_EDGE, Group
from shared.protocol import MessageCreated
from shared.replies import Snapshot
from tests.clients import wire
from tests.clients.fake_server import FakeServer, cut, hang, hear


class Waits:
    """Instead of sleeping: remembers for how long, and lets others run."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


class Tokens:
    def __init__(self) -> None:
        self.given: list[str] = []

    async def __call__(self) -> str:
        self.given.append(f"t{len(self.given) + 1}")
        return self.given[-1]


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().running() as running:
        yield running


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


Join = Callable[..., Group]


@pytest.fixture
def join(server: FakeServer, waits: Waits, tokens: Tokens) -> Join:
    edge = replace(DEFAULT_EDGE, sleep=waits, random=lambda: 1.0)

    def make(**options: object) -> Group:
        settings = {"token": tokens, "since": 0, "epoch": wire.EPOCH, "edge": edge} | options
        return Group(server.base_url, "grp_1", **settings)  # type: ignore[arg-type]

    return make


async def seqs(room: Group, count: int) -> list[int]:
    found: list[int] = []
    async for item in room:
        if isinstance(item, Event):
            found.append(item.seq)
        if len(found) == count:
            break
    return found


async def test_joining_tells_who_is_here(join: Join) -> None:
    async with join() as room:
        assert room.you.name == "Ada"
        assert [agent.handle for agent in room.agents.values()] == ["scribe"]
        assert room.online == {"usr_ada"}
        assert room.title == "Garden"


async def test_the_token_travels_as_a_subprotocol(server: FakeServer, join: Join) -> None:
    async with join():
        assert server.offered == [("/groups/grp_1/ws", "groupchat.v1, groupchat.bearer.t1")]


async def test_the_token_may_travel_in_the_query(server: FakeServer, join: Join) -> None:
    async with join(token_in_query=True):
        assert server.offered == [("/groups/grp_1/ws?token=t1", "groupchat.v1")]


async def test_send_returns_where_the_message_stands(join: Join) -> None:
    async with join() as room:
        assert [(await room.send(text)).seq for text in ("one", "two")] == [1, 2]
        assert await seqs(room, 2) == [1, 2]


async def test_a_cut_in_a_stream_of_events_costs_none(server: FakeServer, join: Join, tokens: Tokens) -> None:
    async def half(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.log = [wire.event(n) for n in range(1, 7)]
        await socket.send(wire.array(server.log[0], server.log[1]))
        await socket.send(server.log[1])
        await (await socket.ping())
        cut(socket)

    server.scripts = [half]
    async with join() as room:
        assert await seqs(room, 6) == [1, 2, 3, 4, 5, 6]
        assert room.counters.reconnects == 1
    assert tokens.given == ["t1", "t2"]


async def test_a_hole_is_filled_before_anything_behind_it_is_shown(server: FakeServer, join: Join) -> None:
    async def forgetful(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.log = [wire.event(n) for n in range(1, 4)]
        await socket.send(wire.array(server.log[0], server.log[2]))
        await socket.wait_closed()

    server.scripts = [forgetful]
    async with join() as room:
        assert await seqs(room, 3) == [1, 2, 3]
        assert room.counters.resyncs == 1
    assert [hello["since"] for hello in server.hellos] == [0, 1]


async def test_an_unacknowledged_send_is_repeated_under_its_id(server: FakeServer, join: Join) -> None:
    async def deaf_after_storing(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        send = wire.parsed(str(await socket.recv()))["send"]
        server.sends.append(send)
        server.append(send["text"], send["client_msg_id"])
        cut(socket)

    server.scripts = [deaf_after_storing]
    async with join() as room:
        sent = await room.send("once")
        assert (sent.seq, sent.duplicate) == (1, True)
        assert await seqs(room, 1) == [1]
    first, second = server.sends
    assert first == second
    assert len(server.log) == 1


async def test_unrecovered_yields_a_reset(server: FakeServer, join: Join) -> None:
    async def other_epoch(server: FakeServer, socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(wire.hello_ok(7, recovered=False, epoch="epo_2", snapshot=Snapshot(seq=7, messages=())))
        await socket.send(wire.event(8, epoch="epo_2"))
        await server.converse(socket)

    server.scripts = [other_epoch]
    async with join(since=3) as room:
        first, second = await anext(room), await anext(room)
        assert isinstance(first, Reset)
        assert first.snapshot.seq == 7
        assert isinstance(second, Event)
        assert second.seq == 8
        assert (room.position, room.epoch) == (8, "epo_2")


@pytest.mark.parametrize("code", [4500, 4503, 4504])
async def test_a_final_close_is_raised_to_readers_and_senders(server: FakeServer, join: Join, code: int) -> None:
    async def dismiss(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(wire.event(1))
        await socket.recv()
        await socket.close(code, "over")

    server.scripts = [dismiss]
    async with join() as room:
        with pytest.raises(Closed) as sending:
            await room.send("hello?")
        assert await seqs(room, 1) == [1]
        with pytest.raises(Closed) as reading:
            await anext(room)
        with pytest.raises(Closed):
            await room.send("still there?")
    assert sending.value.close_code == reading.value.close_code == code
    assert len(server.hellos) == 1


async def test_bye_counts_even_when_the_close_never_arrives(server: FakeServer, join: Join) -> None:
    async def farewell(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(wire.bye(4504, "group archived", reconnect=False))
        await socket.wait_closed()

    server.scripts = [farewell]
    async with join() as room:
        with pytest.raises(Closed, match="4504 group archived"):
            await anext(room)


@pytest.mark.parametrize("code", [1001, 1012, 4001, 4008, 4013])
async def test_other_closes_come_back_with_a_fresh_token(
    server: FakeServer, join: Join, tokens: Tokens, code: int
) -> None:
    async def restart(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.append("while you were away")
        await socket.close(code, "")

    server.scripts = [restart]
    async with join() as room:
        assert await seqs(room, 1) == [1]
    assert tokens.given == ["t1", "t2"]


async def test_a_rate_limited_client_waits_as_long_as_it_was_told_and_says_it_again(
    server: FakeServer, join: Join, waits: Waits
) -> None:
    async def too_fast(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        frame_id = wire.parsed(str(await socket.recv()))["id"]
        await socket.send(wire.refused(frame_id, "too_many_requests", temporary=True, retry_after_ms=3300))
        await socket.close(4013, "rate")

    server.scripts = [too_fast]
    async with join() as room:
        assert (await room.send("fast")).seq == 1
    assert waits.seconds == [3.3, 3.3]  # one for the message, one for the connection


async def test_delays_grow_while_nothing_is_gained(server: FakeServer, join: Join, waits: Waits) -> None:
    async def flap(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.close(1012, "")

    async def flap_with_news(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.append("news")
        await socket.send(server.log[0])
        await socket.close(1012, "")

    server.scripts = [flap, flap, flap, flap_with_news]
    async with join() as room:
        await room.send("made it")
    assert waits.seconds == [0.2, 0.4, 0.8, 0.2]


async def test_a_refused_handshake_is_raised_with_its_problem(server: FakeServer, join: Join) -> None:
    server.refusals = [(404, '{"code":"not_found","detail":"No such group"}')]
    with pytest.raises(ParleyError, match="not_found: No such group"):
        async with join():
            pass


async def test_an_unavailable_server_is_waited_for(server: FakeServer, join: Join, waits: Waits) -> None:
    server.refusals = [(503, '{"code":"unavailable","retry_after_ms":1500}'), (503, "not json")]
    async with join() as room:
        assert (await room.send("there you are")).seq == 1
    assert waits.seconds == [1.5, 0.4]


async def test_a_silent_connection_is_left(server: FakeServer, waits: Waits, tokens: Tokens) -> None:
    server.scripts = [hang]
    edge = replace(DEFAULT_EDGE, sleep=waits, ping_after_s=0.01, pong_within_s=0.01)
    async with Group(server.base_url, "grp_1", token=tokens, since=0, epoch=wire.EPOCH, edge=edge) as room:
        assert (await room.send("anyone?")).seq == 1
        assert room.counters.reconnects >= 1


async def test_a_pong_keeps_a_quiet_connection(server: FakeServer, waits: Waits, tokens: Tokens) -> None:
    pings = asyncio.Semaphore(0)

    async def quiet(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        async for frame in socket:
            assert frame == "ping"
            await socket.send("pong")
            pings.release()

    server.scripts = [quiet]
    edge = replace(DEFAULT_EDGE, sleep=waits, ping_after_s=0.01)
    async with Group(server.base_url, "grp_1", token=tokens, since=0, epoch=wire.EPOCH, edge=edge) as room:
        for _ in range(3):
            await pings.acquire()
        assert room.counters.reconnects == 0


# ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────


OTHER = wire.RUN[:-1] + "1"


async def text_of(room: Group, run_id: str) -> str:
    return "".join([piece async for piece in room.stream(run_id)])


def final(seq: int, text: str, run_id: str = wire.RUN) -> str:
    return wire.event(seq, MessageCreated(text=text), run_id=run_id)


async def test_interleaved_runs_stream_apart_over_a_cut(server: FakeServer, join: Join) -> None:
    async def first(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.log = [wire.started(1), wire.started(2, OTHER)]
        await socket.send(wire.array(*server.log))
        for frame in (wire.delta(0, "Grüße"), wire.delta(0, "one "), wire.delta(0, "uno", OTHER), wire.delta(5, " 👋")):
            await socket.send(frame)
        await socket.close(1012, "")

    async def second(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(wire.array(wire.delta(5, " 👋🏽!"), wire.delta(3, " dos", OTHER)))
        server.log += [
            final(3, "Grüße 👋🏽!"),
            wire.finished(4),
            final(5, "uno dos tres", OTHER),
            wire.finished(6, OTHER),
        ]
        await socket.send(wire.array(*server.log[2:]))
        await server.converse(socket)

    server.scripts = [first, second]
    async with join() as room:
        assert await seqs(room, 2) == [1, 2]
        text, other = await asyncio.gather(text_of(room, wire.RUN), text_of(room, OTHER))
        assert (text, other) == ("Grüße 👋🏽!", "uno dos tres")
        assert room.run(wire.RUN).outcome == "success"
        items = [await anext(room) for _ in range(9)]
    assert "".join(i.text for i in items if isinstance(i, RunDelta) and i.run_id == wire.RUN) == "Grüße 👋🏽!"
    assert server.hellos[1]["runs"] == {wire.RUN: 7, OTHER: 3}


async def test_a_hole_at_the_end_of_a_run_is_raised(server: FakeServer, join: Join) -> None:
    async def holed(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        server.log = [wire.started(1)]
        await socket.send(server.log[0])
        await socket.send(wire.delta(0, "ab"))
        await socket.send(wire.delta(9, "z"))
        await socket.wait_closed()

    async def no_help(server: FakeServer, socket: ServerConnection) -> None:
        await server.greet(socket)
        await socket.send(wire.array(wire.delta(9, "z"), wire.finished(2)))
        await server.converse(socket)

    server.scripts = [holed, no_help]
    async with join() as room:
        assert await seqs(room, 1) == [1]
        with pytest.raises(StreamGap):
            await text_of(room, wire.RUN)


async def test_a_run_nobody_heard_of_cannot_be_streamed(join: Join) -> None:
    async with join() as room:
        with pytest.raises(ParleyError, match="not_found"):
            await text_of(room, wire.RUN)


# ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_leaving_ends_the_iteration_and_what_waits(server: FakeServer, join: Join) -> None:
    server.scripts = [hear]
    async with join() as room:
        sending = asyncio.create_task(room.send("never answered"))
        reading = asyncio.create_task(seqs(room, 1))
        await server.heard.wait()
    with pytest.raises(Closed):
        await sending
    assert await reading == []


async def test_a_slow_reader_holds_the_connection_not_the_memory(server: FakeServer, join: Join) -> None:
    server.log = [wire.event(n) for n in range(1, 51)]
    async with join(buffered_items=3) as room:
        assert await seqs(room, 50) == list(range(1, 51))


async def test_a_program_that_only_speaks_need_not_listen(join: Join) -> None:
    async with join(listen=False) as room:
        assert (await room.send("hi")).seq == 1
        with pytest.raises(RuntimeError):
            await anext(room)
