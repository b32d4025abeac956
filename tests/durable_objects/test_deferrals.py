"""Turns in several parts: tools that the group answers, and tools that people decide on."""

import json

import pytest

from durable_objects.approvals import APPROVAL_LIFE_MS
from durable_objects.deferrals import PARTS_LIMIT
from durable_objects.effects import Rang, RunDeferred, StartRun
from shared.agent_api import DeferredToolRequests, DeferredToolResults, ToolCall
from shared.protocol import Usage
from tests.durable_objects.house import Chair, House, agent, agent_id, user_id

PART = Usage(input_tokens=10, output_tokens=2, requests=1, tool_calls=1)


def call(name: str, number: int = 1, args: str = "{}") -> ToolCall:
    return ToolCall(tool_call_id=f"c{number}", tool_name=name, args=args)


def house_with(*tools: str) -> tuple[House, Chair]:
    """Ada owns the group; Ben and Cleo are in it; the scribe may use these tools and has been asked by Ben."""
    house = House(("ada", "ben", "cleo"))
    scribe = agent("scribe").model_copy(update={"tools": tools})
    house.set_roster(("ada", "ben", "cleo"), profiles=(scribe,))
    ben = house.sit("ben")
    ben.say("@scribe please")
    return house, ben


def defer(house: House, *approvals: ToolCall, calls: tuple[ToolCall, ...] = (), state: str = "so far") -> str:
    run_id = house.running("scribe")
    house.happen(RunDeferred(run_id, DeferredToolRequests(calls=calls, approvals=approvals, state=state, usage=PART)))
    return run_id


def results(house: House, run_id: str) -> DeferredToolResults:
    """What the turn goes on with."""
    request = house.asked(run_id)
    assert request is not None
    assert request.deferred is not None
    return request.deferred


def questions(house: House) -> list[str]:
    return [event["data"]["approval_id"] for event in house.of_type("approval.requested")]


def starts(house: House) -> int:
    return len([effect for effect in house.effects if isinstance(effect, StartRun)])


# ── tools of the group ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tool_of_the_group_is_answered_and_the_turn_goes_on_at_once() -> None:
    house, _ = house_with("get_members")
    run_id = defer(house, calls=(call("get_members"),))
    known = results(house, run_id)
    assert known.state == "so far"
    people = json.loads(known.calls[0].content)
    assert [(p["kind"], p["name"]) for p in people] == [
        ("user", "Ada"),
        ("user", "Ben"),
        ("user", "Cleo"),
        ("agent", "Scribe"),
    ]
    assert starts(house) == 2
    house.answer("scribe", "Three people")
    assert house.of_type("run.finished")[-1]["data"]["usage"] == {
        "input_tokens": 10,
        "output_tokens": 5,
        "requests": 1,
        "tool_calls": 1,
    }


def search(house: House, query: str) -> object:
    run_id = defer(house, calls=(call("search_history", args=json.dumps({"query": query})),))
    return json.loads(results(house, run_id).calls[0].content)


def test_the_history_is_searched_by_any_of_the_words_and_the_best_comes_first() -> None:
    house, ben = house_with("search_history")
    ben.say("The oven is hot")
    both = ben.say("Bread is baked on Thursday in the oven")
    gone = ben.say("bread, bread, bread")
    ben.ok("delete", seq=gone)
    found = search(house, "when is bread baked in an oven?")
    assert isinstance(found, list)
    assert found[0]["seq"] == both
    assert {hit["sender"]["name"] for hit in found} == {"Ben"}
    assert gone not in {hit["seq"] for hit in found}
    assert search(house, "nothing-like-it") == []
    assert search(house, '"*') == {"error": "The arguments do not fit the tool"}


def test_no_search_goes_further_back_than_the_person_may_see() -> None:
    house = House(("ada",), history_visibility="since_join")
    house.sit("ada").say("The secret is bread")
    scribe = agent("scribe").model_copy(update={"tools": ("search_history",)})
    house.set_roster(("ada", "ben"), profiles=(scribe,), history_visibility="since_join")
    ben = house.sit("ben")
    seq = ben.say("I like bread")
    ben.say("@scribe please")
    found = search(house, "bread")
    assert isinstance(found, list)
    assert [hit["seq"] for hit in found] == [seq]


@pytest.mark.parametrize("bad", [call("get_members", args="[]"), call("get_members", args="{"), call("nothing")])
def test_a_call_that_does_not_fit_is_answered_in_words_and_breaks_nothing(bad: ToolCall) -> None:
    house, _ = house_with("get_members")
    run_id = defer(house, calls=(bad,))
    assert "error" in json.loads(results(house, run_id).calls[0].content)


def test_an_agent_uses_only_the_tools_that_it_was_given() -> None:
    house, _ = house_with()
    run_id = defer(house, calls=(call("get_members"),))
    assert json.loads(results(house, run_id).calls[0].content) == {"error": "There is no such tool for you"}


def test_whoever_has_left_has_no_rights_to_lend() -> None:
    house, _ = house_with("get_members")
    house.set_roster(("ada",), profiles=tuple(house.group.room.agents.values()))
    run_id = defer(house, calls=(call("get_members"),))
    assert "left" in json.loads(results(house, run_id).calls[0].content)["error"]


def test_a_turn_that_goes_round_in_circles_ends_at_its_limit() -> None:
    house, _ = house_with("get_members")
    for _ in range(PARTS_LIMIT):
        if house.speaking:
            defer(house, calls=(call("get_members"),))
    ending = house.of_type("run.finished")[-1]["data"]
    assert (ending["outcome"], ending["usage"]["requests"]) == ("limit", PARTS_LIMIT)


# ── questions to people ─────────────────────────────────────────────────────────────────────────────────────────────


def test_those_who_are_asked_are_the_person_behind_the_run_and_the_owners() -> None:
    house, ben = house_with()
    defer(house, call("order", args='{"tables": 3}'))
    asked = ben.of_type("approval.requested")[0]["data"]
    assert set(asked["approvers"]) == {user_id("ada"), user_id("ben")}
    assert (asked["tool"], asked["args"], asked["agent_id"]) == ("order", '{"tables": 3}', agent_id("scribe"))
    assert house.sit("cleo").refused("approve", approval_id=asked["approval_id"], approved=True) == "forbidden"
    assert house.of_type("approval.resolved") == []


@pytest.mark.parametrize(("approved", "outcome"), [(True, "approved"), (False, "denied")])
def test_a_question_is_answered_once_by_whoever_is_first(approved: bool, outcome: str) -> None:
    house, ben = house_with()
    run_id = defer(house, call("order"))
    ada = house.sit("ada")
    assert [q["approval_id"] for q in ada.hello["approvals"]] == questions(house)
    assert ada.hello["runs"][0]["waiting"] is True
    seq = ada.ok("approve", approval_id=questions(house)[0], approved=approved, reason="because")["seq"]
    resolved = ben.of_type("approval.resolved")[0]
    assert (resolved["seq"], resolved["data"]["outcome"], resolved["actor"]["id"]) == (seq, outcome, user_id("ada"))
    assert ada.ok("approve", approval_id=questions(house)[0], approved=approved) == {}
    assert ada.refused("approve", approval_id=questions(house)[0], approved=not approved) == "conflict"
    assert ben.refused("approve", approval_id=questions(house)[0], approved=approved) == "conflict"
    answer = results(house, run_id).approvals[0]
    assert (answer.tool_call_id, answer.approved, answer.reason) == ("c1", approved, "because")
    assert house.sit("ada").hello["approvals"] == []


def test_a_turn_goes_on_once_the_last_question_is_answered() -> None:
    house, ben = house_with("get_members")
    run_id = defer(house, call("order", 1), call("order", 2), calls=(call("get_members", 3),))
    first, second = questions(house)
    ben.ok("approve", approval_id=second, approved=True)
    assert (starts(house), house.asked(run_id)) == (1, None)
    ben.ok("approve", approval_id=first, approved=False)
    assert starts(house) == 2
    known = results(house, run_id)
    assert {a.tool_call_id: a.approved for a in known.approvals} == {"c1": False, "c2": True}
    assert [a.tool_call_id for a in known.calls] == ["c3"]


def test_silence_means_no() -> None:
    house, _ = house_with()
    run_id = defer(house, call("order"))
    house.now_ms += APPROVAL_LIFE_MS
    house.happen(Rang())
    assert house.of_type("approval.resolved")[0]["data"]["outcome"] == "expired"
    assert house.of_type("approval.resolved")[0]["actor"]["kind"] == "system"
    assert [a.approved for a in results(house, run_id).approvals] == [False]


def test_a_question_outlives_the_object_and_everybodys_leaving() -> None:
    house, ben = house_with()
    run_id = defer(house, call("order"))
    ben.leave()
    house.wake()
    assert house.of_type("run.finished") == []
    ben = house.sit("ben")
    ben.ok("approve", approval_id=questions(house)[0], approved=True)
    assert results(house, run_id).approvals[0].approved


def test_a_run_that_is_stopped_takes_its_questions_with_it() -> None:
    house, ben = house_with()
    run_id = defer(house, call("order"))
    ben.ok("runs.cancel", run_id=run_id)
    resolved, finished = house.log[-2:]
    assert (resolved["data"]["outcome"], finished["data"]["outcome"]) == ("cancelled", "cancelled")
    assert ben.refused("approve", approval_id=questions(house)[0], approved=True) == "conflict"


def test_while_people_decide_the_agent_is_busy_and_its_words_so_far_can_be_had() -> None:
    house, ben = house_with()
    house.say(house.running(), "I would like to ")
    run_id = defer(house, call("order"))
    ben.say("@scribe and then?")
    assert len(house.group.rules.runs.active()) == 1
    again = house.sit("ada", since=0, runs={run_id: 2})
    assert [d["text"] for d in again.of_type("run.delta")] == ["would like to "]
    ben.ok("approve", approval_id=questions(house)[0], approved=True)
    house.answer("scribe", "order")
    assert house.of_type("message.created")[-1]["data"]["text"] == "I would like to order"
    assert ben.of_type("run.delta")[-1]["offset"] == len("I would like to ")


def test_an_unknown_question_is_not_found() -> None:
    house, ben = house_with()
    assert ben.refused("approve", approval_id="apr_x", approved=True) == "not_found"
    assert house.of_type("approval.resolved") == []
