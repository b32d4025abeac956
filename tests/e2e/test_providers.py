"""Agents whose words come from a model provider: a small OpenAI-compatible server on this machine."""

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.agents.providers.completions import DONE, finish, text, usage
from tests.e2e.deployment import Deployment, Team
from tests.e2e.promptness import within
from tests.e2e.seat import PATIENCE_S, Seat, Sit
from tests.e2e.stub_models import Asked, Handler, StubModels, begin, deployment_asking, said_by_people
from tests.e2e.test_runs import finals, text_of

KEY = "sk-" + secrets.token_urlsafe(16)
STORY = ("Bread ", "is baked ", "on Thursday, ", "says Ada – ", "🍞.")
DISCONNECT_LIMIT_S = 2.0
LEFT = threading.Event()
"""The one who listened to `endless` has gone away."""


def story(handler: Handler, asked: Asked) -> None:
    del asked
    begin(handler, 200, "text/event-stream")
    for frame in (*(text(piece) for piece in STORY), finish(), usage(41, 7), DONE):
        # Byte by byte, so that every letter is cut somewhere.
        for byte in frame:
            handler.wfile.write(bytes([byte]))


def endless(handler: Handler, asked: Asked) -> None:
    del asked
    begin(handler, 200, "text/event-stream")
    handler.wfile.write(text("Well, "))
    handler.wfile.write(text("let me think"))
    handler.connection.settimeout(30)
    if handler.connection.recv(1) == b"":
        LEFT.set()


@pytest.fixture(scope="module")
def stub() -> Iterator[StubModels]:
    with StubModels({"story": story, "endless": endless}).serving() as stub:
        yield stub


@pytest.fixture(scope="module")
def own_deployment(stub: StubModels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment_asking(stub, tmp_path_factory.mktemp("keys"), KEY) as deployment:
        yield deployment


@pytest.fixture
def team(own_deployment: Deployment) -> Team:
    team = own_deployment.new_team()
    for model in ("story", "endless", "broken"):
        agent = {"handle": model, "name": model.title(), "provider": "stub", "model": model}
        team.ids[model] = team.post("ada", "/agents", agent | {"instructions": "Be brief."})["id"]
    return team


def logged(team: Team, found: Callable[[str], bool]) -> bool:
    return any(map(found, team.deployment.log_lines))


async def test_a_model_is_told_what_people_see_whatever_it_holds(team: Team, sit: Sit, stub: StubModels) -> None:
    ada = await sit("ada", team.new_group(agents=("story",)))
    texts = ["one\x00two", "“three” \\ 🍞\u2028four", "{}"]
    seqs = [await ada.say(text) for text in texts]
    await ada.ok("edit", seq=seqs[2], text="five\x00six")
    await ada.say("@story go on")
    await ada.until_type("run.finished")
    assert said_by_people(stub.asked[-1]) == [*texts[:2], "five\x00six", "@story go on"]


async def test_a_models_words_stream_to_all_and_its_tokens_are_counted(team: Team, sit: Sit, stub: StubModels) -> None:
    group_id = team.new_group("ben", agents=("story",))
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say("Bread is baked on Thursday.")
    await ben.say("@story when is bread baked?")
    for seat in (ada, ben):
        run_id = (await seat.until_type("run.started"))[0]["run_id"]
        await seat.until_type("run.finished")
        message, ending = finals(seat, run_id)
        assert text_of(seat, run_id) == message["data"]["text"] == "".join(STORY)
        assert ending["data"]["outcome"] == "success"
        tokens = {"input_tokens": 41, "output_tokens": 7, "requests": 1, "tool_calls": 0}
        assert ending["data"]["usage"] == tokens
    system, user = stub.asked[-1]["messages"]
    assert system["content"].startswith("Be brief.")
    turns = [json.loads(line) for line in user["content"].splitlines()]
    assert [(turn["id"], turn["text"]) for turn in turns] == [
        (team.ids["ada"], "Bread is baked on Thursday."),
        (team.ids["ben"], "@story when is bread baked?"),
    ]
    assert stub.keys == {f"Bearer {KEY}"}


async def test_a_provider_that_fails_ends_the_run_and_keeps_its_words_to_itself(
    team: Team, sit: Sit, stub: StubModels
) -> None:
    asked_before = len(stub.asked)
    ada = await sit("ada", team.new_group(agents=("broken",)))
    await ada.say("@broken hello?")
    ending = (await ada.until_type("run.finished"))[0]["data"]
    assert (ending["outcome"], ending["error"]) == ("error", "The model provider does not answer now")
    assert len(stub.asked) - asked_before == 3
    assert logged(team, lambda line: "run_failed" in line and "status 500" in line)
    assert not logged(team, lambda line: "secret plan" in line or KEY in line)


async def test_stopping_a_run_closes_the_call_to_the_model(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben", agents=("endless",))
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say("@endless go on")
    run_id = (await ben.until(lambda: _said(ben, "think"), "the whole beginning"))[0]["run_id"]
    assert not LEFT.is_set()
    async with within(team, DISCONNECT_LIMIT_S):
        await ben.ok("runs.cancel", run_id=run_id)
        assert await asyncio.to_thread(LEFT.wait, PATIENCE_S), "the model went on for nobody"
    await ada.until_type("run.finished")
    message, ending = finals(ada, run_id)
    assert (message["data"]["text"], ending["data"]["outcome"]) == ("Well, let me think", "cancelled")


@pytest.mark.parametrize(
    ("provider", "model", "answer"),
    [
        ("python", "tally", "Ada: 2\nBen: 0\n"),
        ("builtin", "librarian", "**About bread and baked**\n- Ada: “Bread is baked on Thursday.” (#{seq})"),
    ],
)
async def test_agents_that_need_no_model_answer_by_their_name(
    team: Team, sit: Sit, provider: str, model: str, answer: str
) -> None:
    new = {"handle": "someone", "name": "Someone", "provider": provider, "model": model}
    team.ids["someone"] = team.post("ada", "/agents", new)["id"]
    ada = await sit("ada", team.new_group("ben", agents=("someone",)))
    seq = await ada.say("Bread is baked on Thursday.")
    await ada.say("@someone when is bread baked?")
    run_id = (await ada.until_type("run.finished"))[0]["run_id"]
    assert finals(ada, run_id)[0]["data"]["text"] == answer.format(seq=seq)


def _said(seat: Seat, word: str) -> list[dict[str, Any]]:
    return [delta for delta in seat.of_type("run.delta") if word in delta["text"]]
