"""Slow, silent, many and far behind: each costs only itself."""

import asyncio
import json
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.deployment import Team
from tests.e2e.promptness import within
from tests.e2e.seat import PATIENCE_S, Seat, Sit, routing_token, socket_url


async def test_ten_thousand_missed_events_come_back_exact_and_in_time(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    for start in range(0, 10_000, 500):
        frames = [
            {"id": 10_000 + n, "send": {"client_msg_id": f"m{n}", "text": f"message number {n}"}}
            for n in range(start, start + 500)
        ]
        for frame in frames:
            await ada.socket.send(json.dumps(frame))
        await ada.until_seq(ada.hello["head"] + start + 500)
    head = ada.hello["head"] + 10_000
    token = await asyncio.to_thread(routing_token, team, "ada", group_id)
    async with within(team, 2) as watch:
        raw = await connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None)
        again = Seat(raw)
        hello = await again.ok("hello", since=0)
        await again.until_seq(head)
    assert hello["recovered"] is True
    assert again.seqs == list(range(1, head + 1))
    await again.leave()
    print(f"resume of {head} events: {watch.elapsed_s:.2f} s")  # noqa: T201 -- a figure that -s shows


@pytest.mark.parametrize("count", [500])
async def test_five_hundred_sockets_in_one_group_hear_the_same(team: Team, sit: Sit, count: int) -> None:
    names = [f"p{n}" for n in range(count // 20)]
    for name in names:
        team.ids[name] = team.post("ada", "/people", {"name": name})["id"]
        team.bearers[name] = team.post("ada", f"/people/{team.ids[name]}/tokens", {"label": "t"})["token"]
    group_id = team.new_group(*names, agents=())
    ada = await sit("ada", group_id)
    tokens = [await asyncio.to_thread(routing_token, team, name, group_id) for name in names]
    opened = [
        await connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None, max_queue=None)
        for token in tokens
        for _ in range(20)
    ]
    seats = [Seat(socket) for socket in opened]
    try:
        await asyncio.gather(*(seat.ok("hello") for seat in seats))
        last = 0
        for n in range(20):
            last = await ada.say(f"{n}")
        await asyncio.gather(*(seat.until_seq(last) for seat in seats))
        await ada.until_seq(last)
        assert all(seat.events == ada.events for seat in seats)
    finally:
        await asyncio.gather(*(seat.leave() for seat in seats))


async def test_a_socket_that_never_says_hello_is_closed(team: Team) -> None:
    group_id = team.new_group()
    token = await asyncio.to_thread(routing_token, team, "ada", group_id)
    async with connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None, close_timeout=1) as raw:
        async with within(team, 13) as watch:
            bye = json.loads(await asyncio.wait_for(raw.recv(), PATIENCE_S))
        assert watch.elapsed_s > 9
        assert bye == {"type": "bye", "code": 4501, "reason": "no hello", "reconnect": False}


async def test_a_frame_too_large_ends_its_socket_and_no_other(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada, phone = await sit("ada", group_id), await sit("ada", group_id)
    await ada.socket.send(json.dumps({"id": 77, "send": {"client_msg_id": "m", "text": "x" * 70_000}}))
    assert (await ada.until_closed())[0] == 1009
    assert [frame["error"]["code"] for frame in ada.frames if "error" in frame] == ["too_large"]
    assert await phone.say("still here") > 0
    assert len(await phone.until_type("message.created")) == 1


async def test_a_kicked_client_that_never_spoke_hears_so_at_once(team: Team) -> None:
    group_id = team.new_group("ben")
    token = await asyncio.to_thread(routing_token, team, "ben", group_id)
    async with connect(f"{socket_url(team, group_id)}?token={token}", ping_interval=None, close_timeout=1) as raw:
        async with within(team, 1):
            await asyncio.to_thread(team.call, "ada", "DELETE", f"/groups/{group_id}/members/{team.ids['ben']}")
            bye = json.loads(await asyncio.wait_for(raw.recv(), PATIENCE_S))
        assert (bye["code"], bye["reconnect"]) == (4503, False)
        with suppress(ConnectionClosed):
            await raw.send('{"id":1,"hello":{}}')
            async for frame in raw:
                assert '"ok"' not in str(frame)


async def test_a_token_sent_in_band_lets_the_socket_live_on(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    fresh = await asyncio.to_thread(routing_token, team, "ada", group_id)
    before = ada.hello["session_expires_at"]
    assert (await ada.ok("refresh", token=fresh))["session_expires_at"] > before
    bens = await asyncio.to_thread(routing_token, team, "ben", group_id)
    assert await ada.refused("refresh", token=bens) == "invalid_credential"
    other = await asyncio.to_thread(routing_token, team, "ada", await asyncio.to_thread(team.new_group))
    assert await ada.refused("refresh", token=other) == "invalid_credential"
