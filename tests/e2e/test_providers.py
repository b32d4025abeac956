"""Agents whose words come from a model provider: a small OpenAI-compatible server on this machine."""

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.agents.providers.completions import DONE, finish, text, usage
from tests.e2e.deployment import Deployment, Team
from tests.e2e.issuer import Issuer
from tests.e2e.seat import Seat, Sit
from tests.e2e.test_runs import finals, text_of
from tools.local import local_keys, overrides, register_app_key
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "sk-" + secrets.token_urlsafe(16)
STORY = ("Bread ", "is baked ", "on Thursday, ", "says Ada – ", "🍞.")
DISCONNECT_LIMIT_S = 2.0
SECRET_BODY = b'{"error": {"message": "the secret plan"}}'


@dataclass
class StubModels:
    """What was asked, and whether the one who listened to `endless` has gone away."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    left: threading.Event = field(default_factory=threading.Event)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                stub.asked.append(body)
                stub.keys.add(self.headers["authorization"])
                model = body["model"] if self.path == "/v1/chat/completions" else "nowhere"
                {"story": self.story, "endless": self.endless}.get(model, self.fail)()

            def begin(self, status: int, media_type: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.end_headers()

            def story(self) -> None:
                self.begin(200, "text/event-stream")
                for frame in (*(text(piece) for piece in STORY), finish(), usage(41, 7), DONE):
                    # Byte by byte, so that every letter is cut somewhere.
                    for byte in frame:
                        self.wfile.write(bytes([byte]))

            def endless(self) -> None:
                self.begin(200, "text/event-stream")
                self.wfile.write(text("Well, "))
                self.wfile.write(text("let me think"))
                self.connection.settimeout(30)
                if self.connection.recv(1) == b"":
                    stub.left.set()

            def fail(self) -> None:
                self.begin(500, "application/json")
                self.wfile.write(SECRET_BODY)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
                pass

        return Handler


@pytest.fixture(scope="module")
def models() -> Iterator[tuple[StubModels, str]]:
    stub = StubModels()
    with ThreadingHTTPServer(("127.0.0.1", 0), stub.handler()) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield stub, f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def stub(models: tuple[StubModels, str]) -> StubModels:
    return models[0]


@pytest.fixture(scope="module")
def own_deployment(models: tuple[StubModels, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    keys, ports = local_keys(tmp_path_factory.mktemp("keys")), Ports(0, 0, 0).resolve()
    told = overrides(keys, ports)
    told["agents"] |= {
        "PROVIDERS": json.dumps([{"name": "stub", "base_url": models[1], "key_secret": "STUB_KEY"}]),
        "STUB_KEY": KEY,
    }
    lines: list[str] = []
    with Stack.start(
        root=ROOT, ports=ports, state_dir=None, overrides=told, on_log=lambda _, text: lines.append(text)
    ) as stack:
        stack.migrate()
        register_app_key(stack, keys)
        yield Deployment(stack, keys, lines, Issuer(""))


@pytest.fixture
def team(own_deployment: Deployment) -> Team:
    team = own_deployment.new_team()
    for model in ("story", "endless", "broken"):
        agent = {"handle": model, "name": model.title(), "provider": "stub", "model": model}
        team.ids[model] = team.post("ada", "/agents", agent | {"instructions": "Be brief."})["id"]
    return team


def logged(team: Team, found: Callable[[str], bool]) -> bool:
    return any(map(found, team.deployment.log_lines))


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


async def test_stopping_a_run_closes_the_call_to_the_model(team: Team, sit: Sit, stub: StubModels) -> None:
    group_id = team.new_group("ben", agents=("endless",))
    ada, ben = await sit("ada", group_id), await sit("ben", group_id)
    await ada.say("@endless go on")
    run_id = (await ben.until(lambda: _said(ben, "think"), "the whole beginning"))[0]["run_id"]
    assert not stub.left.is_set()
    await ben.ok("runs.cancel", run_id=run_id)
    assert await asyncio.to_thread(stub.left.wait, DISCONNECT_LIMIT_S), "the model went on for nobody"
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
