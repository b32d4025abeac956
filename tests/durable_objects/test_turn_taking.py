"""Who speaks after what was said, and where agents among themselves have to stop."""

import pytest

from durable_objects.effects import Rang, RunEnded, StopRun
from durable_objects.runs import QUEUE_LIMIT
from shared.protocol import HARD_TURNS, TurnSettings, Usage
from tests.durable_objects.house import Chair, House, agent_id, user_id

THREE = ("scribe", "librarian", "critic")


def house_with(agents: tuple[str, ...] = THREE, **turns: object) -> tuple[House, Chair]:
    house = House(("ada", "ben"), agents, turns=TurnSettings.model_validate(turns))
    return house, house.sit("ada")


# ── policies ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("policy", "plain", "named"),
    [
        ("mention", set(), {"critic"}),
        ("all", set(THREE), {"critic"}),
        ("silent", set(), set()),
    ],
)
def test_a_policy_says_who_answers_a_message_and_a_name_goes_before_it(
    policy: str, plain: set[str], named: set[str]
) -> None:
    house, ada = house_with(turn_policy=policy)
    ada.say("Good morning")
    assert house.speaking == plain
    house, ada = house_with(turn_policy=policy)
    ada.say("Good morning, @critic")
    assert house.speaking == named


def test_round_robin_asks_one_after_the_other_even_after_a_new_instance() -> None:
    house, ada = house_with(turn_policy="round_robin")
    asked = []
    for number in range(5):
        ada.say(f"Question {number}")
        (name,) = house.speaking
        asked.append(name)
        house.answer(name, "An answer")
        house.wake()
    in_turn = [a.handle for a in house.group.room.agent_list()]
    assert asked == [*in_turn, *in_turn[:2]]


def test_a_selector_decides_unheard_and_is_never_chosen_itself() -> None:
    house, ada = house_with(turn_policy="selector", selector_agent_id=agent_id("critic"))
    ada.say("What did we decide?")
    assert house.of_type("run.started")[-1]["data"]["purpose"] == "select"
    request = house.asked(house.running("critic"))
    assert request is not None
    assert request.context.purpose == "select"
    assert {a.handle for a in request.context.candidates} == {"scribe", "librarian"}
    house.answer("critic", "@critic or rather @librarian, and @ghost")
    assert house.speaking == {"librarian"}
    assert house.of_type("message.created")[-1]["data"]["text"] == "What did we decide?"
    assert ada.of_type("run.delta") == []
    assert "message_seq" not in house.of_type("run.finished")[-1]["data"]


def test_a_selector_may_say_that_nobody_answers() -> None:
    house, ada = house_with(turn_policy="selector", selector_agent_id=agent_id("critic"))
    ada.say("Thanks!")
    house.answer("critic", "nobody")
    assert house.speaking == set()
    assert house.of_type("selector.failed") == []


@pytest.mark.parametrize("words", ["", "@ghost", "@critic", "I cannot say"])
def test_when_a_selector_names_nobody_who_could_nobody_speaks_and_all_are_told(words: str) -> None:
    house, ada = house_with(turn_policy="selector", selector_agent_id=agent_id("critic"))
    trigger = ada.say("And now?")
    house.answer("critic", words)
    assert house.speaking == set()
    assert house.of_type("selector.failed")[-1]["data"]["trigger"] == trigger


def test_a_selector_that_fails_goes_silent_or_has_left_is_told_as_well() -> None:
    house, ada = house_with(turn_policy="selector", selector_agent_id=agent_id("critic"))
    ada.say("And now?")
    house.happen(RunEnded(house.running("critic"), "error", Usage(), "broken"))
    ada.say("And now?")
    house.now_ms += 3_600_000
    house.happen(Rang())
    assert house.speaking == set()
    house.set_roster(("ada",), ("scribe",), turns=house.group.room.known().turns)
    ada = house.sit("ada")
    ada.say("And now?")
    reasons = [event["data"]["reason"] for event in house.of_type("selector.failed")]
    assert reasons == ["The selector failed", "The selector failed", "The selector is not in this group"]


# ── agents among themselves ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_agent_calls_another_on_behalf_of_the_same_person() -> None:
    house, ada = house_with()
    ada.say("@scribe hi")
    house.answer("scribe", "I do not know. @librarian?")
    run = house.group.rules.runs.running(house.running("librarian"))
    assert run is not None
    assert (run.hop, run.requested_by) == (2, user_id("ada"))
    assert house.of_type("run.started")[-1]["causation"] == house.of_type("message.created")[-1]["seq"]


def keep_talking(house: House, answers: dict[str, str], most: int = 200) -> int:
    """Lets whoever is speaking say its line, until all are quiet. How many turns that took."""
    for turn in range(most):
        if not house.speaking:
            return turn
        name = min(house.speaking)
        house.answer(name, answers[name])
    raise AssertionError("they never stop")


RING = ("a1", "a2", "a3", "a4", "a5")


@pytest.mark.parametrize(
    ("agents", "answers"),
    [
        (("scribe", "librarian"), {"scribe": "You, @librarian", "librarian": "No, you, @scribe"}),
        (RING, {name: f"Over to @{RING[(n + 1) % 5]}" for n, name in enumerate(RING)}),
        (("scribe", "librarian"), {"scribe": "@librarian ok", "librarian": "@scribe ok"}),
        (RING, {name: " ".join(f"@{other}" for other in RING) for name in RING}),
    ],
    ids=["mutual mention", "ring of five", "acknowledgements", "everybody calls everybody"],
)
@pytest.mark.parametrize("limits", [{"hop_limit": 16, "turn_budget": 6}, {"hop_limit": 3, "turn_budget": 32}])
def test_whoever_calls_each_other_for_ever_is_paused_and_all_are_told_once(
    agents: tuple[str, ...], answers: dict[str, str], limits: dict[str, int]
) -> None:
    house, ada = house_with(agents, **limits)
    ada.say(f"@{agents[0]} begin")
    turns = keep_talking(house, answers)
    assert turns <= 1 + HARD_TURNS
    assert len(house.of_type("loop.paused")) == 1
    assert ada.of_type("loop.paused") == house.of_type("loop.paused")
    assert len(house.of_type("run.started")) == len(house.of_type("run.finished")) == turns


def test_the_budget_counts_what_agents_ask_of_agents_and_a_person_gives_it_back() -> None:
    house, ada = house_with(turn_budget=3, hop_limit=16)
    answers = {"scribe": "@librarian", "librarian": "@scribe", "critic": "hm"}
    ada.say("@scribe begin")
    assert keep_talking(house, answers) == 1 + 3
    assert house.of_type("loop.paused")[0]["data"]["limit"] == "turns"
    house.wake()
    ada.say("Go on, @librarian")
    assert keep_talking(house, answers) == 1 + 3
    assert len(house.of_type("loop.paused")) == 2


def test_a_hop_limit_of_one_lets_nobody_call_anybody() -> None:
    house, ada = house_with(hop_limit=1)
    ada.say("@scribe begin")
    house.answer("scribe", "@librarian and @critic")
    assert house.speaking == set()
    paused = house.of_type("loop.paused")[0]["data"]
    assert paused["limit"] == "hops"
    assert set(paused["agent_ids"]) == {agent_id("librarian"), agent_id("critic")}


def test_an_answer_that_was_cut_short_calls_nobody() -> None:
    house, ada = house_with()
    ada.say("@scribe begin")
    run_id = house.running()
    house.say(run_id, "I would ask @librarian but")
    ada.ok("runs.cancel", run_id=run_id)
    assert house.speaking == set()


# ── while an agent speaks ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on_busy", "answered"),
    [("queue", ["one", "two", "three"]), ("merge", ["one", "three"]), ("drop", ["one"]), ("interrupt", ["three"])],
)
def test_what_becomes_of_messages_for_a_busy_agent_is_a_setting(on_busy: str, answered: list[str]) -> None:
    house, ada = house_with(on_busy=on_busy)
    texts = {ada.say(f"@scribe {text}"): text for text in ("one", "two", "three")}
    while house.speaking:
        house.answer("scribe", "Well")
    finished = {e["run_id"]: e["data"]["outcome"] for e in house.of_type("run.finished")}
    started = {e["run_id"]: texts[e["data"]["trigger"]] for e in house.of_type("run.started")}
    assert [text for run_id, text in started.items() if finished[run_id] == "success"] == answered
    if on_busy == "interrupt":
        assert [finished[run_id] for run_id in started] == ["interrupted", "interrupted", "success"]
        assert len([e for e in house.effects if isinstance(e, StopRun)]) == 2


def test_a_queue_has_an_end_and_the_last_in_it_answers_for_those_behind() -> None:
    house, ada = house_with()
    seqs = [ada.say(f"@scribe {n}") for n in range(QUEUE_LIMIT + 5)]
    while house.speaking:
        house.answer("scribe", "Well")
    triggers = [e["data"]["trigger"] for e in house.of_type("run.started")]
    assert triggers == [*seqs[:QUEUE_LIMIT], seqs[-1]]


def test_an_agent_that_leaves_stops_speaking() -> None:
    house, ada = house_with()
    ada.say("@scribe one")
    ada.say("@scribe two")
    house.say(house.running(), "So far")
    house.set_roster(("ada",), ("librarian",))
    ends = [(e["data"]["outcome"], e["actor"]["name"]) for e in house.of_type("run.finished")]
    assert ends == [("cancelled", "Scribe")] * 2
    assert house.speaking == set()


# ── what it may cost ────────────────────────────────────────────────────────────────────────────────────────────────


def test_when_the_day_is_spent_runs_end_before_they_begin_until_tomorrow() -> None:
    house, ada = house_with(daily_token_limit=5)
    for text in ("one", "two", "three"):
        ada.say(f"@scribe {text}")
        if house.speaking:
            house.answer("scribe", "Well")
    assert [e["data"]["outcome"] for e in house.of_type("run.finished")] == ["success", "success", "limit"]
    house.now_ms += 24 * 3_600_000
    house.sit("ada").say("@scribe four")
    assert house.speaking == {"scribe"}


def test_a_runs_token_limit_goes_to_the_agent() -> None:
    house, ada = house_with(run_token_limit=100)
    ada.say("@scribe one")
    request = house.asked(house.running())
    assert request is not None
    assert request.context.output_token_limit == 100
