"""A run told in the words of other front ends, to readers who come late, come back, or come when it is over."""

import json
import subprocess
from itertools import pairwise
from typing import Any

import pytest

from app.projections import NOWHERE, MakeProjection, Place, Telling
from app.projections.ag_ui import AgUi
from app.projections.ai_sdk import AiSdk
from shared.errors import BadRequest
from tests.layout.sources import ROOT
from tools.setup.layout import Layout
from tools.setup.node import node_of

RUN = "run_" + "0" * 26
GROUP = "grp_" + "0" * 26
PIECES = ("Grüß ", "👋🏽 ", "dich, ", "<b>Welt</b> \u2028", "!")
WHOLE = "".join(PIECES)
WORDS: dict[str, MakeProjection] = {"ag-ui": AgUi, "ai-sdk": AiSdk}
Frame = dict[str, Any]


def begun() -> Frame:
    return {"type": "run", "run_id": RUN, "agent_id": "agt_1", "trigger": 5, "length": 0, "status": "running"}


def deltas(since: int = 0) -> list[Frame]:
    found: list[Frame] = []
    offset = 0
    for piece in PIECES:
        if offset >= since:
            found.append({"type": "run.delta", "run_id": RUN, "agent_id": "agt_1", "offset": offset, "text": piece})
        offset += len(piece)
    return found


def finished(outcome: str = "success", **more: object) -> Frame:
    usage = {"input_tokens": 1, "output_tokens": 2, "requests": 1, "tool_calls": 0}
    return {"type": "run.finished", "data": {"outcome": outcome, "run_id": RUN, "usage": usage, **more}}


def asked() -> Frame:
    return {"type": "approval.requested", "data": {"approval_id": "apr_1", "tool": "order", "args": "{}"}}


def told(words: str, frames: list[Frame], known: Place = NOWHERE) -> list[str]:
    telling = Telling(WORDS[words](GROUP), known)
    return [event for frame in frames for event in telling.feed(frame)]


def data(events: list[str]) -> list[str]:
    return [line.removeprefix("data: ") for line in lines(events) if line.startswith("data: ")]


def ids(events: list[str]) -> list[str]:
    return [line.removeprefix("id: ") for line in lines(events) if line.startswith("id: ")]


def lines(events: list[str]) -> list[str]:
    """At LF alone: what else Unicode calls the end of a line is text here."""
    return [line for event in events for line in event.split("\n")]


def read_by_others(words: str, events: list[str]) -> dict[str, Any]:
    """What the projects' own published code makes of it."""
    script = ROOT / "tests" / "interop" / "projections.mjs"
    sent = "\n".join(line for line in data(events) if line != "[DONE]")
    command = [node_of(Layout(ROOT)).node, str(script), words]
    done = subprocess.run(command, input=sent, capture_output=True, text=True, check=True, timeout=30)  # noqa: S603 -- our own script
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([begun(), *deltas(), finished()], WHOLE),
        ([begun(), *deltas(), finished("limit")], WHOLE),
        ([begun(), *deltas()[:2], asked(), *deltas()[2:], finished("cancelled")], WHOLE),
        ([begun(), finished()], ""),
        ([begun(), finished("cancelled")], ""),
    ],
    ids=["success", "limit", "cancelled after a question", "no word", "cancelled before a word"],
)
def test_a_run_is_accepted_by_the_readers_that_others_publish(words: str, frames: list[Frame], text: str) -> None:
    assert read_by_others(words, told(words, frames)) == {"ok": True, "text": text}


def test_a_run_that_broke_is_an_error_in_both_and_never_a_broken_stream() -> None:
    frames = [begun(), *deltas()[:1], finished("error", error="The agent failed")]
    assert read_by_others("ag-ui", told("ag-ui", frames)) == {"ok": True, "text": PIECES[0]}
    assert "The agent failed" in read_by_others("ai-sdk", told("ai-sdk", frames))["why"]
    assert json.loads(data(told("ag-ui", frames))[-1])["type"] == "RUN_ERROR"
    assert data(told("ai-sdk", frames))[-1] == "[DONE]"


@pytest.mark.parametrize("words", WORDS)
def test_whoever_comes_back_with_the_last_id_gets_exactly_what_is_behind_it(words: str) -> None:
    whole = told(words, [begun(), *deltas(), finished()])
    for cut in range(1, len(whole) + 1):
        seen = whole[:cut]
        known = Place.of(ids(seen)[-1], RUN)
        offset = known.offset if known.stage == 1 else 0
        again = told(words, [begun(), *(deltas(offset) if known.stage < 2 else []), finished()], known)
        closing = [event for event in again if not event.startswith("id:")]
        assert [*seen, *again] == whole or [*seen, *again] == [*whole, *closing]


@pytest.mark.parametrize("words", WORDS)
def test_text_that_a_reader_has_in_part_is_not_told_twice(words: str) -> None:
    one = {"type": "run.delta", "run_id": RUN, "agent_id": "agt_1", "offset": 0, "text": WHOLE}
    again = told(words, [begun(), one, finished()], Place(1, 3))
    assert json.loads(data(again)[0])["delta"] == WHOLE[3:]


def test_places_are_in_order_and_ids_lead_back_to_them() -> None:
    places = [Place.of(event_id, RUN) for event_id in ids(told("ag-ui", [begun(), *deltas(), finished()]))]
    assert all(before < after for before, after in pairwise(places))


BAD = ("", "1.0", f"{RUN}:", f"{RUN}:4.0", f"{RUN}:1", f"{RUN}:1.x", f"{RUN}:1.²", f"{RUN}x:1.0", f"{RUN}:1.{'9' * 40}")


@pytest.mark.parametrize("bad", BAD)
def test_an_id_that_is_none_of_this_run_is_refused(bad: str) -> None:
    with pytest.raises(BadRequest):
        Place.of(bad, RUN)
