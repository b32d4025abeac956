"""Several agents in one room, each with a script: who speaks, who is stopped, and that every run ends once."""

import asyncio

import pytest

from tests.e2e.deployment import Team
from tests.e2e.scripted import PIECES, Script
from tests.e2e.seat import PATIENCE_S, Seat, Sit
from tests.e2e.test_runs import finals, text_of

CONTROLLER = "GroupController"
RING = {f"r{n}": f"say:Over to you, @r{(n + 1) % 5}" for n in range(5)}


def cast(team: Team, agents: dict[str, str], **turns: object) -> str:
    """A group of Ada, Ben and these agents: handle → model."""
    for handle, model in agents.items():
        new = {"handle": handle, "name": handle.title(), "provider": "script", "model": model}
        team.ids[handle] = team.post("ada", "/agents", new)["id"]
    group_id = team.new_group("ben", agents=tuple(agents))
    if turns:
        assert team.call("ada", "PATCH", f"/groups/{group_id}", turns).is_success
    return group_id


async def quiet(seat: Seat, runs: int) -> list[str]:
    """The outcomes of so many runs, once all of them are over; nothing more is under way."""
    endings = await seat.until_type("run.finished", runs)
    started = seat.of_type("run.started")
    assert len(endings) == len(started) == runs
    assert {e["run_id"] for e in endings} == {e["run_id"] for e in started}
    return [e["data"]["outcome"] for e in endings]


@pytest.mark.parametrize(
    ("agents", "limits", "runs", "limit"),
    [
        ({"a": "say:You first, @b", "b": "say:No, you, @a"}, {"turn_budget": 5, "hop_limit": 16}, 6, "turns"),
        (RING, {"turn_budget": 32, "hop_limit": 7}, 7, "hops"),
        ({"a": "say:@b ok", "b": "say:@a ok"}, {"turn_budget": 2}, 3, "turns"),
    ],
    ids=["mutual mention", "ring of five", "acknowledgements"],
)
async def test_agents_that_call_each_other_for_ever_are_paused_before_everybodys_eyes(
    team: Team, sit: Sit, agents: dict[str, str], limits: dict[str, int], runs: int, limit: str
) -> None:
    group_id = cast(team, agents, **limits)
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say(f"@{next(iter(agents))} begin, please")
    for seat in (ada, ben):
        paused = (await seat.until_type("loop.paused"))[0]
        assert paused["data"]["limit"] == limit
        assert set(await quiet(seat, runs)) == {"success"}
    seq = await ben.say("That was enough.")
    await ada.until_seq(seq)
    assert len(ada.of_type("run.started")) == runs


async def test_a_hibernated_group_still_knows_how_many_turns_its_agents_have_taken(team: Team, sit: Sit) -> None:
    group_id = cast(team, {"a": "say:You first, @b", "b": "slow:No you, @a"}, turn_budget=3, hop_limit=16)
    ada = await sit("ada", group_id)
    await ada.say("@a begin")
    await ada.until_type("run.started", 3)
    await asyncio.to_thread(team.deployment.stack.evict, CONTROLLER, group_id)
    await ada.until_type("loop.paused")
    assert set(await quiet(ada, 4)) == {"success"}


async def test_all_are_asked_and_each_answers_by_itself(team: Team, sit: Sit) -> None:
    group_id = cast(team, {name: f"say:I am {name}" for name in ("x", "y", "z")}, turn_policy="all")
    ada = await sit("ada", group_id)
    trigger = await ada.say("Who is here?")
    assert await quiet(ada, 3) == ["success"] * 3
    answers = [e for e in ada.of_type("message.created") if e["actor"]["kind"] == "agent"]
    assert {e["data"]["text"] for e in answers} == {"I am x", "I am y", "I am z"}
    assert {e["causation"] for e in answers} == {trigger}


async def test_a_selectors_choice_answers_and_is_not_shown_itself(team: Team, sit: Sit) -> None:
    agents = {"chair": "say:@expert shall speak", "expert": "say:It is 42.", "other": "say:Not me"}
    group_id = cast(team, agents)
    policy = {"turn_policy": "selector", "selector_agent_id": team.ids["chair"]}
    assert team.call("ada", "PATCH", f"/groups/{group_id}", policy).is_success
    ada = await sit("ada", group_id)
    await ada.say("What is it?")
    assert await quiet(ada, 2) == ["success", "success"]
    said = [e["data"]["text"] for e in ada.of_type("message.created")]
    assert said == ["What is it?", "It is 42."]
    assert {d["agent_id"] for d in ada.of_type("run.delta")} == {team.ids["expert"]}


async def test_a_selector_that_cannot_answer_lets_nobody_speak_and_says_so(team: Team, sit: Sit) -> None:
    group_id = cast(team, {"chair": "status:400", "expert": "say:Me!"})
    policy = {"turn_policy": "selector", "selector_agent_id": team.ids["chair"]}
    assert team.call("ada", "PATCH", f"/groups/{group_id}", policy).is_success
    ada = await sit("ada", group_id)
    trigger = await ada.say("What is it?")
    failed = (await ada.until_type("selector.failed"))[0]["data"]
    assert (failed["trigger"], failed["agent_id"]) == (trigger, team.ids["chair"])
    assert await quiet(ada, 1) == ["error"]


@pytest.mark.parametrize("pieces", range(len(PIECES) + 1))
async def test_a_stream_that_breaks_off_ends_once_and_keeps_what_was_shown(team: Team, sit: Sit, pieces: int) -> None:
    group_id = cast(team, {"a": f"cut:{pieces}"})
    ada = await sit("ada", group_id)
    await ada.say("@a go on")
    assert await quiet(ada, 1) == ["error"]
    run_id = ada.of_type("run.started")[0]["run_id"]
    shown = text_of(ada, run_id)
    assert shown == "".join(PIECES[:pieces])
    kept = [e["data"]["text"] for e in ada.of_type("message.created") if e.get("run_id") == run_id]
    assert kept == ([shown] if shown else [])


async def test_garbage_ends_the_run_with_an_error_and_shows_nothing(team: Team, sit: Sit) -> None:
    ada = await sit("ada", cast(team, {"a": "garbage"}))
    await ada.say("@a go on")
    assert await quiet(ada, 1) == ["error"]
    assert [e for e in ada.of_type("message.created") if e["actor"]["kind"] == "agent"] == []


async def test_an_endless_stream_ends_at_the_limit(team: Team, sit: Sit) -> None:
    ada = await sit("ada", cast(team, {"a": "endless"}))
    await ada.say("@a go on")
    assert await quiet(ada, 1) == ["limit"]
    message, _ = finals(ada, ada.of_type("run.started")[0]["run_id"])
    assert len(message["data"]["text"]) == 64_000


async def test_everybody_leaves_and_the_answer_is_there_when_they_come_back(team: Team, sit: Sit) -> None:
    group_id = cast(team, {"a": "slow:" + " ".join(f"word{n}" for n in range(12))})
    ada = await sit("ada", group_id)
    await ada.say("@a tell me")
    await ada.until_type("run.delta")
    since = ada.seqs[-1]
    await ada.leave()
    back = await sit("ada", group_id, since=since)
    ending = (await back.until_type("run.finished"))[0]
    assert ending["data"]["outcome"] == "success"
    message, _ = finals(back, ending["run_id"])
    assert message["data"]["text"].split() == [f"word{n}" for n in range(12)]


async def test_an_agent_that_is_sent_away_stops_in_the_middle(team: Team, sit: Sit) -> None:
    group_id = cast(team, {"a": "slow:" + "word " * 20})
    ada = await sit("ada", group_id)
    await ada.say("@a tell me")
    await ada.until_type("run.delta")
    assert team.call("ada", "DELETE", f"/groups/{group_id}/agents/{team.ids['a']}").is_success
    assert await quiet(ada, 1) == ["cancelled"]
    removed = (await ada.until_type("agent.removed"))[0]
    assert removed["seq"] > ada.of_type("run.finished")[0]["seq"]


async def test_what_is_newer_interrupts_when_the_group_wants_it_so(team: Team, sit: Sit) -> None:
    group_id = cast(team, {"a": "slow:" + "word " * 20}, on_busy="interrupt")
    ada = await sit("ada", group_id)
    await ada.say("@a tell me")
    await ada.until_type("run.delta")
    second = await ada.say("@a no, this")
    assert await quiet(ada, 2) == ["interrupted", "success"]
    assert ada.of_type("run.started")[1]["data"]["trigger"] == second


async def test_a_group_whose_day_is_spent_answers_no_more(team: Team, sit: Sit, script: Script) -> None:
    group_id = cast(team, {"a": "say:Once"}, daily_token_limit=14)
    ada = await sit("ada", group_id)
    await ada.say("@a one")
    await ada.until_type("run.finished")
    await ada.say("@a two")
    assert await quiet(ada, 2) == ["success", "limit"]
    assert len(script.of("say:Once")) == 1


async def test_the_orgs_usage_is_what_its_runs_say_they_used(team: Team, sit: Sit) -> None:
    first, second = cast(team, {"a": "say:Once", "b": "say:Twice"}), cast(team, {"c": "say:Here"})
    ada = await sit("ada", first)
    for text in ("@a", "@b", "@a and @b"):
        await ada.say(text)
    there = await sit("ada", second)
    await there.say("@c")
    endings = [*(await ada.until_type("run.finished", 4)), *(await there.until_type("run.finished"))]
    used = [ending["data"]["usage"] for ending in endings]

    def reported() -> dict[str, int]:
        total = team.get("ada", "/usage")["total"]
        return {name: total[name] for name in used[0]}

    said = {name: sum(usage[name] for usage in used) for name in used[0]}
    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(reported) != said:  # noqa: ASYNC110 -- the directory hears of it a moment later
            await asyncio.sleep(0.05)
    assert said["input_tokens"] == 5 * 10
