"""A run read as a stream by a front end of another kind, while it goes on, cut off, and when it is over."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.app.projections.test_telling import read_by_others
from tests.e2e.deployment import Team
from tests.e2e.seat import Seat, Sit

TALE = 12


def url(team: Team, group_id: str, run_id: str, words: str) -> str:
    return f"{team.deployment.origin('app')}/groups/{group_id}/runs/{run_id}/stream?format={words}"


@asynccontextmanager
async def reading(
    team: Team, group_id: str, run_id: str, words: str, last: str | None = None, who: str = "ben"
) -> AsyncIterator[AsyncIterator[str]]:
    """The events of a run, as they come."""
    headers = {"Authorization": f"Bearer {team.bearers[who]}"} | ({"Last-Event-ID": last} if last else {})
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", url(team, group_id, run_id, words), headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[str]:
    text = ""
    async for piece in response.aiter_text():
        *whole, text = (text + piece).split("\n\n")
        for event in whole:
            if not event.startswith(":"):
                yield event + "\n\n"


async def run_of(ada: Seat) -> str:
    """A long answer that has just begun."""
    for n in range(TALE):
        await ada.say(f"Crate number {n} of the harbour fish comes on Thursday, before the ovens are warm.")
    await ada.say("@scribe sum up")
    return str((await ada.until_type("run.delta", 2))[0]["run_id"])


def last_id(event: str) -> str:
    return event.split("\n", maxsplit=1)[0].removeprefix("id: ")


def deltas(told: list[str]) -> list[dict[str, Any]]:
    found = [json.loads(event.split("data: ", 1)[1]) for event in told if "[DONE]" not in event]
    return [payload for payload in found if "delta" in payload]


@pytest.mark.parametrize("words", ["ag-ui", "ai-sdk"])
async def test_a_run_streams_while_it_goes_on_and_resumes_where_it_was_cut(team: Team, sit: Sit, words: str) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    run_id = await run_of(ada)
    first: list[str] = []
    async with reading(team, group_id, run_id, words) as coming:
        async for event in coming:
            first.append(event)
            if len(deltas(first)) == 2:
                break
    assert ada.of_type("run.finished") == []
    async with reading(team, group_id, run_id, words, last_id(first[-1])) as coming:
        rest = [event async for event in coming]
    await ada.until_type("run.finished")
    message = next(e for e in ada.of_type("message.created") if e.get("run_id") == run_id)
    assert read_by_others(words, [*first, *rest]) == {"ok": True, "text": message["data"]["text"]}
    async with reading(team, group_id, run_id, words) as coming:
        again = [event async for event in coming]
    assert read_by_others(words, again) == {"ok": True, "text": message["data"]["text"]}


async def test_behind_the_end_there_is_nothing_and_what_is_wrong_is_said(team: Team, sit: Sit) -> None:
    group_id = team.new_group("ben")
    ada = await sit("ada", group_id)
    await ada.say("@scribe hello")
    run_id = (await ada.until_type("run.finished"))[0]["run_id"]
    path = f"/groups/{group_id}/runs/{run_id}/stream"

    def answered(tail: str = "", last: str = "", who: str = "ben") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {team.bearers[who]}"} | ({"Last-Event-ID": last} if last else {})
        response = team.deployment.request("GET", team.deployment.origin("app") + path + tail, headers=headers)
        return response.status_code, response.json()["code"] if response.content else ""

    assert answered(last=f"{run_id}:3.0") == (204, "")
    assert answered(last="nonsense") == (400, "bad_request")
    assert answered("?format=xml") == (422, "invalid_body")
    assert answered(who="cleo") == (404, "not_found")
    path = f"/groups/{group_id}/runs/run_{'0' * 26}/stream"
    assert answered() == (404, "not_found")
    path = f"/groups/{group_id}/runs/x/stream"
    assert answered() == (404, "not_found")
