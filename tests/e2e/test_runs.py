"""Agents in the room: asked by name, streaming to all, ended exactly once whatever happens."""

from tests.e2e.deployment import Team
from tests.e2e.seat import Frame, Seat, Sit


def text_of(seat: Seat, run_id: str) -> str:
    """The deltas of a run put together, each at its offset."""
    text = ""
    for delta in seat.of_type("run.delta"):
        if delta["run_id"] == run_id:
            assert delta["offset"] == len(text)
            text += delta["text"]
    return text


def finals(seat: Seat, run_id: str) -> tuple[Frame, Frame]:
    """The message and the one ending of a run."""
    messages = [e for e in seat.of_type("message.created") if e.get("run_id") == run_id]
    endings = [e for e in seat.of_type("run.finished") if e.get("run_id") == run_id]
    assert len(messages) == len(endings) == 1
    return messages[0], endings[0]


async def test_a_typed_handle_makes_the_agent_answer_to_all(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say("We decided to open on Friday.")
    trigger = await ben.say("@scribe sum up")
    for seat in (ada, ben):
        run_id = (await seat.until_type("run.started"))[0]["run_id"]
        await seat.until_type("run.finished")
        message, ending = finals(seat, run_id)
        assert text_of(seat, run_id) == message["data"]["text"]
        assert message["actor"] == {"id": team.ids["scribe"], "kind": "agent", "name": "Scribe"}
        assert "We decided to open on Friday." in message["data"]["text"]
        assert ending["data"]["outcome"] == "success"
        assert ending["data"]["message_seq"] == message["seq"]
        assert ending["causation"] == message["causation"] == trigger
    assert ada.events[-1] == ben.events[-1]


async def test_a_structured_mention_asks_as_well_and_one_message_asks_once(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    mention = {"kind": "agent", "id": team.ids["scribe"]}
    body = {"client_msg_id": "m", "text": "hey @scribe, @SCRIBE", "mentions": [mention]}
    await ada.ok("send", **body)
    await ada.ok("send", **body)
    await ada.until_type("run.finished")
    seq = await ada.say("mail@scribe.example is an address")
    await ada.until_seq(seq)
    assert len(ada.of_type("run.started")) == 1


async def test_a_second_question_waits_for_the_first_answer(team: Team, sit: Sit) -> None:
    group_id = team.new_group()
    ada = await sit("ada", group_id)
    await ada.say("Bread is baked on Thursday.")
    first, second = await ada.say("@scribe now"), await ada.say("@scribe again")
    await ada.until_type("run.finished", 2)
    order = [(e["type"], e["data"].get("trigger")) for e in ada.events if e["type"].startswith("run.")]
    assert order == [("run.started", first), ("run.finished", None), ("run.started", second), ("run.finished", None)]


async def test_anybody_may_stop_a_run_and_what_was_said_stays(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    for n in range(8):
        await ada.say(f"The oven number {n} arrives on Thursday with the delivery van from the harbour office.")
    await ada.say("@scribe sum up")
    run_id = (await ben.until_type("run.delta"))[0]["run_id"]
    await ben.ok("runs.cancel", run_id=run_id)
    await ada.until_type("run.finished")
    message, ending = finals(ada, run_id)
    assert ending["data"]["outcome"] == "cancelled"
    assert text_of(ada, run_id) == message["data"]["text"]
    assert await ben.ok("runs.cancel", run_id=run_id) == {}
    assert await ben.refused("runs.cancel", run_id="run_00000000000000000000000000") == "not_found"
    seq = await ada.say("quiet now")
    await ada.until_seq(seq)
    finals(ada, run_id)


async def test_who_comes_in_the_middle_of_an_answer_gets_the_rest_of_it(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    for n in range(8):
        await ada.say(f"Table number {n} goes back to the school on Sunday, and the chairs go with it.")
    await ada.say("@scribe sum up")
    run_id = (await ada.until_type("run.delta", 3))[0]["run_id"]
    ben = await sit("ben", group_id, since=0)
    assert [run["run_id"] for run in ben.hello["runs"]] == [run_id]
    known = len(text_of(ada, run_id))
    partly = await sit("ada", group_id, since=ada.seqs[-1], runs={run_id: known})
    for seat in (ben, partly):
        await seat.until_type("run.finished")
    message, _ = finals(ben, run_id)
    assert text_of(ben, run_id) == message["data"]["text"]
    rest = partly.of_type("run.delta")
    assert rest[0]["offset"] == known
    assert message["data"]["text"][:known] + "".join(d["text"] for d in rest) == message["data"]["text"]


async def test_an_agent_that_cannot_be_found_ends_its_run_with_an_error(team: Team, sit: Sit) -> None:
    new = {"handle": "ghost", "name": "Ghost", "provider": "nowhere", "model": "none"}
    team.ids["ghost"] = team.post("ada", "/agents", new)["id"]
    group_id = team.new_group(agents=("ghost",))
    ada = await sit("ada", group_id)
    await ada.say("@ghost are you there?")
    ending = (await ada.until_type("run.finished"))[0]
    assert (ending["data"]["outcome"], "message_seq" in ending["data"]) == ("error", False)
    assert "nowhere" not in ending["data"]["error"]


async def test_an_agent_added_later_may_be_called_and_one_that_left_may_not(team: Team, sit: Sit) -> None:
    group_id = team.new_group(agents=())
    ada = await sit("ada", group_id)
    team.post("ada", f"/groups/{group_id}/agents", {"agent_id": team.ids["scribe"]})
    assert (await ada.until_type("agent.added"))[0]["data"]["agent"]["handle"] == "scribe"
    await ada.say("@scribe hello")
    assert (await ada.until_type("run.finished"))[0]["data"]["outcome"] == "success"
    team.call("ada", "DELETE", f"/groups/{group_id}/agents/{team.ids['scribe']}")
    await ada.until_type("agent.removed")
    seq = await ada.say("@scribe hello?")
    await ada.until_seq(seq)
    assert len(ada.of_type("run.started")) == 1
