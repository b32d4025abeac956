"""Models that fail, go silent or are stopped after their first answer: one ending for all, and the bill is right."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.agents.providers.completions import text
from tests.e2e.deployment import Deployment, Team
from tests.e2e.seat import PATIENCE_S, Seat, Sit
from tests.e2e.stub_models import (
    Asked,
    Handler,
    StubModels,
    begin,
    calling,
    deployment_asking,
    fail,
    results,
)

SILENCE_S = 1
GONE_WITHIN_S = 15.0
FIRST_ANSWER = {"input_tokens": 41, "output_tokens": 7, "requests": 1, "tool_calls": 1}
LEFT = {name: threading.Event() for name in ("mute", "faint", "stuck", "drone")}
"""Whoever listened to this model has gone away."""


def until_left(handler: Handler, name: str) -> None:
    handler.connection.settimeout(30)
    if handler.connection.recv(1) == b"":
        LEFT[name].set()


def saying_no_more(name: str, *words: str, answers: bool = True) -> Callable[[Handler, Asked], None]:
    """Says these words, and then nothing for as long as somebody listens."""

    def script(handler: Handler, asked: Asked) -> None:
        del asked
        if answers:
            begin(handler, 200, "text/event-stream")
            handler.wfile.write(b"".join(map(text, words)))
            handler.wfile.flush()
        until_left(handler, name)

    return script


def after_a_tool(then: Callable[[Handler, Asked], None]) -> Callable[[Handler, Asked], None]:
    def script(handler: Handler, asked: Asked) -> None:
        if results(asked):
            then(handler, asked)
            return
        begin(handler, 200, "text/event-stream")
        handler.wfile.write(b"".join(calling(("current_time", "{}"))))

    return script


MODELS = {
    "mute": saying_no_more("mute"),
    "faint": saying_no_more("faint", "Well, "),
    "stuck": saying_no_more("stuck", answers=False),
    "breaker": after_a_tool(fail),
    "drone": after_a_tool(saying_no_more("drone", "Well, ", "let me think")),
}


@pytest.fixture(scope="module")
def own_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    key = "sk-" + secrets.token_urlsafe(16)
    with (
        StubModels(MODELS).serving() as stub,
        deployment_asking(
            stub, tmp_path_factory.mktemp("keys"), key, {"MODEL_SILENCE_S": str(SILENCE_S)}
        ) as deployment,
    ):
        yield deployment


@pytest.fixture
def team(own_deployment: Deployment) -> Team:
    team = own_deployment.new_team()
    for model in MODELS:
        agent = {"handle": model, "name": model.title(), "provider": "stub", "model": model, "tools": ["current_time"]}
        team.ids[model] = team.post("ada", "/agents", agent)["id"]
    return team


async def endings(seat: Seat) -> list[dict[str, Any]]:
    """How the runs ended, once nothing of them can follow any more."""
    await seat.until_type("run.finished")
    await seat.until_seq(await seat.say("Never mind."))
    return [event["data"] for event in seat.of_type("run.finished")]


# ── silence ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("stuck", "The model provider took too long to answer"),
        ("mute", "The model provider took too long to answer"),
        ("faint", "The model provider went silent"),
    ],
)
async def test_a_silent_model_is_given_up_with_one_ending_for_all_and_its_call_is_closed(
    team: Team, sit: Sit, model: str, reason: str
) -> None:
    group_id = team.new_group("ben", agents=(model,))
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ben.say(f"@{model} are you there?")
    for seat in (ada, ben):
        (ending,) = await endings(seat)
        assert (ending["outcome"], ending["error"]) == ("error", reason)
    assert await asyncio.to_thread(LEFT[model].wait, GONE_WITHIN_S), "the model is still listened to"
    said = [event["data"]["text"] for event in ada.of_type("message.created") if event["actor"]["kind"] == "agent"]
    assert said == (["Well, "] if model == "faint" else [])


# ── what was used all the same ──────────────────────────────────────────────────────────────────────────────────────


async def usage_of_the_org(team: Team) -> dict[str, int]:
    """Once the group has told it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            total: dict[str, int] = (await asyncio.to_thread(team.get, "ada", "/usage"))["total"]
            if total["runs"]:
                return total


@pytest.mark.parametrize(("model", "outcome"), [("breaker", "error"), ("drone", "cancelled")])
async def test_a_run_that_does_not_come_to_its_end_counts_what_its_rounds_have_used(
    team: Team, sit: Sit, model: str, outcome: str
) -> None:
    group_id = team.new_group(agents=(model,))
    turns = {"daily_token_limit": sum(FIRST_ANSWER[name] for name in ("input_tokens", "output_tokens"))}
    team.call("ada", "PATCH", f"/groups/{group_id}", turns).raise_for_status()
    ada = await sit("ada", group_id)
    await ada.say(f"@{model} what time is it?")
    if outcome == "cancelled":
        run_id = (await ada.until_type("run.delta"))[0]["run_id"]
        await ada.ok("runs.cancel", run_id=run_id)
        assert await asyncio.to_thread(LEFT[model].wait, GONE_WITHIN_S)
    (ending,) = await endings(ada)
    assert (ending["outcome"], ending["usage"]) == (outcome, FIRST_ANSWER)
    assert await usage_of_the_org(team) == {"runs": 1, **FIRST_ANSWER}
    await ada.say(f"@{model} and now?")
    second = (await ada.until_type("run.finished", 2))[1]["data"]
    assert (second["outcome"], second["error"]) == ("limit", "The tokens of this group's day are used up")
