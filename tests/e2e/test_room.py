"""People in a room, over real sockets: one order, nothing lost, nothing twice."""

import asyncio
import json
from functools import partial

from tests.e2e.deployment import Team
from tests.e2e.seat import Frame, Seat, Sit

FLOOD = 150


async def test_everybody_sees_the_same_events_in_the_same_order(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await asyncio.gather(*(seat.say(f"{n}") for n in range(20) for seat in (ada, ben)))
    head = ada.hello["head"] + 40
    await ada.until_seq(head)
    await ben.until_seq(head)
    assert ada.events == ben.events
    assert ada.seqs == list(range(ada.hello["head"] + 1, head + 1))


async def test_frames_that_come_at_once_are_each_answered_in_their_order(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    seats = [await sit("ada", group_id), await sit("ben", group_id)]
    for seat in seats:
        for n in range(FLOOD):
            frame = {"id": 1000 + n, "send": {"client_msg_id": f"{n}", "text": f"{n}"}}
            await seat.socket.send("no frame" if n == FLOOD // 2 else json.dumps(frame))
    head = seats[0].hello["head"] + len(seats) * (FLOOD - 1)
    for seat in seats:
        await seat.until_seq(head)
        last = partial(seat._reply, 1000 + FLOOD - 1)
        await seat.until(last, "the last reply")
        replies = [frame for frame in seat.frames if (frame.get("id") or 0) >= 1000]
        assert [frame["id"] - 1000 for frame in replies] == [n for n in range(FLOOD) if n != FLOOD // 2]
        assert [frame["ok"]["seq"] for frame in replies] == sorted(frame["ok"]["seq"] for frame in replies)
        assert [frame["error"]["code"] for frame in seat.frames if "error" in frame] == ["invalid_frame"]
        assert seat.seqs == list(range(seats[0].hello["head"] + 1, head + 1))
    times = [event["ts"] for event in seats[0].events]
    assert times == sorted(times), "time went back"


async def test_what_was_sent_before_the_socket_closed_is_there(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    for n in range(FLOOD):
        await ada.socket.send(json.dumps({"id": 1000 + n, "send": {"client_msg_id": f"{n}", "text": f"{n}"}}))
    await ada.leave()
    await ben.until_seq(ben.hello["head"] + FLOOD)
    assert [event["data"]["text"] for event in ben.of_type("message.created")] == [f"{n}" for n in range(FLOOD)]


async def test_who_drops_and_comes_back_gets_exactly_the_gap(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    last = await ada.say("before")
    await ben.until_seq(last)
    ben.cut()
    for n in range(5):
        await ada.say(f"missed {n}")
    back = await sit("ben", group_id, since=last, epoch=ada.hello["epoch"])
    assert back.hello["recovered"] is True
    assert "snapshot" not in back.hello
    live = await ada.say("live again")
    await back.until_seq(live)
    assert back.seqs == list(range(last + 1, live + 1))


async def test_a_long_gap_comes_whole(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    for start in range(0, 450, 50):
        await asyncio.gather(*(ada.say(f"{start + n}") for n in range(50)))
    again = await sit("ada", group_id, since=0)
    await again.until_seq(again.hello["head"])
    assert again.seqs == list(range(1, again.hello["head"] + 1))


async def test_a_foreign_epoch_or_a_seq_that_never_was_gives_a_snapshot_and_says_so(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    seq = await ada.say("hello")
    for hello in ({"since": 1, "epoch": "epo_other"}, {"since": seq + 100}, {}):
        again = await sit("ada", group_id, **hello)
        assert again.hello["recovered"] is False
        assert again.hello["snapshot"]["seq"] == again.hello["head"]
        assert [m["text"] for m in again.hello["snapshot"]["messages"]] == ["hello"]
        assert again.events == []


async def test_the_same_message_twice_is_stored_once(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada, other_device = await sit("ada", group_id), await sit("ada", group_id)
    first = await ada.ok("send", client_msg_id="once", text="hi")
    second = await other_device.ok("send", client_msg_id="once", text="hi")
    over_http = team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": "once", "text": "hi"})
    assert (first["seq"], first["duplicate"]) == (second["seq"], False)
    assert second["duplicate"] is over_http["duplicate"] is True
    assert await ada.refused("send", client_msg_id="once", text="something else") == "conflict"
    page = team.get("ada", f"/groups/{group_id}/messages")
    assert len([e for e in page["events"] if e["type"] == "message.created"]) == 1


async def test_edits_deletes_reactions_and_reads_are_events_and_the_snapshot_agrees(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    first, second = await ada.say("frist"), await ada.say("second")
    assert (await ada.ok("edit", seq=first, text="first"))["seq"] == second + 1
    assert await ben.refused("edit", seq=first, text="mine") == "forbidden"
    await ben.ok("react", seq=first, emoji="👍")
    assert (await ben.ok("react", seq=first, emoji="👍")).get("seq") is None
    await ada.ok("delete", seq=second)
    assert (await ada.ok("delete", seq=second)).get("seq") is None
    await ben.ok("read", seq=second)
    assert await ben.refused("read", seq=10_000) == "invalid_body"
    fresh = await sit("ada", group_id)
    one, two = fresh.hello["snapshot"]["messages"]
    assert (one["text"], one["edited"], one["reactions"]) == ("first", True, {"👍": [team.ids["ben"]]})
    assert (two["text"], two["deleted"]) == ("", True)
    assert fresh.hello["reads"] == {team.ids["ben"]: second}


async def test_typing_and_presence_are_shown_and_not_stored(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    ben = await sit("ben", group_id)
    assert (await ada.until_type("presence"))[0] == {"type": "presence", "user_id": team.ids["ben"], "online": True}
    await ben.ok("typing", on=True)
    assert (await ada.until_type("typing"))[0]["user_id"] == team.ids["ben"]
    await ben.leave()
    assert (await ada.until_type("presence", 2))[1]["online"] is False
    assert ada.events == []


async def test_history_pages_both_ways(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    await asyncio.gather(*(ada.say(f"{n}") for n in range(10)))
    head = ada.hello["head"] + 10
    newest = await ada.ok("history", limit=4)
    assert [e["seq"] for e in newest["events"]] == list(range(head - 3, head + 1))
    assert newest["more"] is True
    older = await ada.ok("history", before=head - 3, limit=200)
    assert [e["seq"] for e in older["events"]] == list(range(1, head - 3))
    assert older["more"] is False
    assert (await ada.ok("history", after=head))["events"] == []
    assert await ada.refused("history", after=1, before=5) == "invalid_body"


def errors(seat: Seat, after: int = 0) -> list[Frame]:
    return [frame for frame in seat.frames if "error" in frame][after:]


async def test_bad_frames_cost_their_sender_an_error_and_nothing_else(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    for bad in (
        "",
        "{",
        "[]",
        "null",
        '"x"',
        '{"id":1}',
        '{"id":"a","send":{}}',
        '{"id":true,"members":{}}',
        '{"id":5005,"sing":{}}',
        '{"id":5005,"send":{},"read":{}}',
        '{"id":5005,"send":{"text":NaN}}',
        '{"id":5005,"members":' + "[" * 5000 + "]" * 5000 + "}",
        '{"id":5005,"send":{"client_msg_id":"\\ud800","text":"x"}}',
    ):
        refusals = len(errors(ada))
        await ada.socket.send(bad)
        frames = await ada.until(partial(errors, ada, refusals), f"an answer to {bad[:40]}")
        assert frames[0]["error"]["code"] in ("invalid_frame", "invalid_body")
    assert await ada.refused("send", client_msg_id="x", text="   ") == "invalid_body"
    assert await ada.refused("send", client_msg_id="x", text="a", more=1) == "invalid_body"
    assert await ada.refused("send", client_msg_id="x", text="x" * 16_001) == "invalid_body"
    assert await ada.refused("send", client_msg_id="x", text="a", reply_to=999) == "not_found"
    mention = {"kind": "agent", "id": "agt_00000000000000000000000000"}
    assert await ada.refused("send", client_msg_id="x", text="a", mentions=[mention]) == "invalid_body"
    assert await ada.refused("hello") == "conflict"
    seq = await ada.say("still here")
    await ben.until_seq(seq)
    assert ben.closed is None


async def test_ping_is_answered_without_the_object(team: Team, sit: Sit) -> None:
    ada = await sit("ada", team.new_group())
    await ada.socket.send("ping")
    seq = await ada.say("x")
    await ada.until_seq(seq)
    assert ada.pongs == 1


async def test_a_binary_frame_closes_its_socket(team: Team, sit: Sit) -> None:
    ada = await sit("ada", team.new_group())
    await ada.socket.send(b"\x00\x01")
    assert (await ada.until_closed())[0] == 1003
