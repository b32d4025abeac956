"""A run's stream whose line broke goes on exactly where it was; nobody else's, and no other run's."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from agents.recordings import tape_name
from shared.agent_api import AgentRunRequest
from shared.signing import Signer
from tests.e2e.agent_request import run_request
from tests.e2e.deployment import Team, new_jti
from tools.es256 import new_private_key
from tools.stack import StackError

TARGET = "/agents/run-stream"


class Line:
    """The stream of one run, for the group whose session this is."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.group_id = team.new_group()
        self.signer = team.deployment.session_signer(team.open_session(self.group_id), "agents")
        self.body = run_request(team, self.group_id)
        # A run of many words, each 10 ms after the last.
        said = "We decided to open on day {} with bread, soup, fish and plum cake for everybody in the harbour."
        (first,) = self.body["messages"]
        self.body["messages"] = [first | {"seq": n, "text": said.format(n)} for n in range(1, 60)]
        self.body["context"]["run_id"] = "run_0" + secrets.token_hex(13).upper()[1:]

    @property
    def run_id(self) -> str:
        return str(self.body["context"]["run_id"])

    @property
    def tape(self) -> str:
        return tape_name(AgentRunRequest.model_validate_json(json.dumps(self.body)))

    @contextmanager
    def open(self, after: int | None = None, signer: Signer | None = None) -> Iterator[httpx.Response]:
        signer, raw = signer or self.signer, json.dumps(self.body).encode()
        headers = dict(signer.headers("POST", TARGET, raw, now_s=int(time.time()), jti=new_jti()))
        if after is not None:
            headers["Last-Event-ID"] = f"{self.run_id}:{after}"
        with httpx.stream("POST", signer.origin + TARGET, content=raw, headers=headers, timeout=30) as response:
            yield response

    def first(self, count: int, after: int | None = None) -> list[str]:
        """So many events, and then the line breaks."""
        found: list[str] = []
        with self.open(after) as response:
            text = ""
            for piece in response.iter_text():
                text += piece
                found = events(text.rpartition("\n\n")[0])
                if len(found) >= count:
                    return found[:count]
        raise AssertionError(f"only {len(found)} of {count} events came")

    def all(self, after: int | None = None) -> list[str]:
        with self.open(after) as response:
            assert response.status_code == 200, response.read()
            return events(response.read().decode())

    def refusal(self, after: int | None, signer: Signer | None = None) -> tuple[int, str]:
        with self.open(after, signer) as response:
            return response.status_code, json.loads(response.read())["code"]


def events(text: str) -> list[str]:
    """The frames that are no comments."""
    return [frame for frame in text.split("\n\n") if frame.strip() and not frame.startswith(":")]


def numbers(frames: list[str]) -> list[int]:
    return [int(frame.split("\n")[0].rpartition(":")[2]) for frame in frames]


def tables(line: Line) -> list[dict[str, Any]]:
    try:
        return line.team.deployment.stack.object_sql(
            "RunBuffer", line.tape, "SELECT name FROM sqlite_master WHERE name = 'frames'"
        )
    except StackError:
        return []


def last(frames: list[str]) -> dict[str, Any]:
    return dict(json.loads(frames[-1].partition("data: ")[2]))


@pytest.fixture
def line(team: Team) -> Line:
    return Line(team)


def test_a_broken_line_resumes_after_the_last_event_and_the_run_was_made_once(line: Line) -> None:
    first = line.first(5)
    second = line.first(7, after=5)
    rest = line.all(after=12)
    whole = first + second + rest
    assert numbers(whole) == list(range(1, len(whole) + 1))
    assert last(whole)["event_kind"] == "agent_run_result"
    assert line.all() == whole, "the same request again is the same run"
    assert line.all(after=len(whole)) == []
    said = "".join(json.loads(f.partition("data: ")[2])["delta"]["content_delta"] for f in whole if "part_delta" in f)
    assert said == last(whole)["result"]["output"]


def test_what_is_over_is_kept_though_the_object_that_keeps_it_sleeps(line: Line) -> None:
    whole = line.all()
    line.team.deployment.stack.evict("RunBuffer", line.tape)
    assert line.all(after=3) == whole[3:]


def test_a_run_that_went_down_says_so_and_is_not_made_again(line: Line) -> None:
    seen = line.first(5)
    line.team.deployment.stack.kill_runtime()
    rest = line.all(after=5)
    assert last(rest) == {
        "code": "interrupted",
        "message": "The agent stopped in the middle",
        "usage": None,
        "event_kind": "run_error",
    }
    whole = line.all()
    assert whole[:5] == seen
    assert numbers(whole) == list(range(1, len(whole) + 1))


@pytest.mark.parametrize("after", [1, 999_999])
def test_an_event_that_never_was_resumes_nothing_and_starts_nothing(line: Line, after: int) -> None:
    assert line.refusal(after) == (404, "not_found")
    assert tables(line) == []


def test_another_groups_session_resumes_nothing_of_this_one(line: Line) -> None:
    line.first(3)
    other = Line(line.team)
    assert line.refusal(3, other.signer) == (403, "forbidden")
    other.body["context"]["run_id"] = line.run_id
    assert other.refusal(3) == (404, "not_found")
    assert line.refusal(3, replace(line.signer, key=new_private_key())) == (401, "invalid_credential")
    assert len(tables(line)) == 1


def test_another_question_under_the_same_run_is_another_stream(line: Line) -> None:
    line.first(3)
    line.body["messages"][0]["text"] = "Something else."
    assert line.refusal(3) == (404, "not_found")
