"""Webhooks on the real runtime: told, signed, tried again, given up, replayed; whatever is killed in between.

In a deployment of their own, whose outbox does not wait for hours.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.deployment import Deployment, Team, deployment_told
from tests.e2e.receiver import Receiver

PATIENCE_S = 60
ALL = ["group.archived", "message.created", "run.finished"]


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    orchestrator = {"WEBHOOK_RETRIES_S": "1 1 1", "WEBHOOK_TIMEOUT_S": "1"}
    with deployment_told(tmp_path_factory.mktemp("keys"), {"orchestrator": orchestrator}) as deployment:
        yield deployment


@pytest.fixture
def team(hasty: Deployment) -> Team:
    return hasty.new_team()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as receiver:
        yield receiver


def hook(team: Team, url: str, *events: str) -> tuple[str, str]:
    """Id and secret of a new webhook, which is told all that is said."""
    new = {"url": url, "events": list(events or ALL), "label": "Test", "include_private": True}
    made = team.post("ada", "/webhooks", new)
    assert made["told"] is True
    return made["webhook"]["id"], made["secret"]


def say(team: Team, group_id: str, text: str) -> None:
    team.post("ada", f"/groups/{group_id}/messages", {"client_msg_id": text.replace(" ", "-"), "text": text})


async def eventually(found: Callable[[], bool]) -> None:
    """Asks until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(found):
        assert time.monotonic() < deadline, "it never came about"


def deliveries(team: Team, webhook_id: str, state: str = "") -> list[dict[str, Any]]:
    query = f"?state={state}" if state else ""
    return list(team.get("ada", f"/webhooks/{webhook_id}/deliveries{query}")["deliveries"])


async def test_an_org_is_told_in_signed_words_what_it_asked_for(team: Team, receiver: Receiver) -> None:
    known, quiet = team.new_group(), team.new_group()
    webhook_id, secret = hook(team, receiver.url("/in"))
    say(team, known, "@scribe summarise")
    say(team, team.new_group(), "a group that was made later")
    team.post("ada", f"/groups/{quiet}/archive", {"reason": "done"})
    await eventually(lambda: len(deliveries(team, webhook_id, "delivered")) >= 5)
    told = receiver.verified("/in", secret)
    assert sorted(one["type"] for one in told) == ["group.archived", *["message.created"] * 3, "run.finished"]
    for one in told:
        page = team.get("ada", f"/groups/{one['group_id']}/messages?after={one['event']['seq'] - 1}&limit=1")
        assert page["events"] == [one["event"]]
        assert (one["org_id"], one["timestamp"]) == (team.org_id, one["event"]["ts"])
    ids = {one.headers["webhook-id"] for one in receiver.at("/in")}
    events = [(one["group_id"], one["event"]["epoch"], one["event"]["seq"]) for one in told]
    assert ids == {f"{group}-{epoch}-{seq}" for group, epoch, seq in events}


async def test_of_private_groups_a_webhook_without_leave_hears_no_word(team: Team, receiver: Receiver) -> None:
    private, public = team.new_group(), team.new_group(is_private=False)
    new = {"url": receiver.url("/plain"), "events": ["message.created"], "label": "Plain"}
    plain = team.post("ada", "/webhooks", new)
    let, let_secret = hook(team, receiver.url("/let"), "message.created")
    say(team, private, "Kaiserschmarrn in private")
    say(team, public, "Dumplings for all")
    both = (plain["webhook"]["id"], let)
    await eventually(lambda: all(len(deliveries(team, webhook_id, "delivered")) == 2 for webhook_id in both))
    told = {one["group_id"]: one for one in receiver.verified("/plain", plain["secret"])}
    assert told[public]["event"]["data"]["text"] == "Dumplings for all"
    assert (told[private]["withheld"], told[private]["event"]["data"]) == (True, {"mentions": []})
    assert told[private]["event"]["actor"] == {"id": team.ids["ada"], "kind": "user"}
    assert "Kaiserschmarrn" not in json.dumps(told)
    whole = {one["group_id"]: one["event"]["data"]["text"] for one in receiver.verified("/let", let_secret)}
    assert whole == {private: "Kaiserschmarrn in private", public: "Dumplings for all"}


async def test_a_receiver_that_was_down_is_told_when_it_is_back(team: Team) -> None:
    group_id, receiver = team.new_group(), Receiver()
    with receiver.listening():
        webhook_id, secret = hook(team, receiver.url("/in"), "message.created")
    say(team, group_id, "is anybody there")
    await eventually(lambda: [one["error"] for one in deliveries(team, webhook_id)] == ["unreachable"])
    with receiver.listening():
        await eventually(lambda: len(deliveries(team, webhook_id, "delivered")) == 1)
    assert [one["event"]["data"]["text"] for one in receiver.verified("/in", secret)] == ["is anybody there"]


async def test_what_was_given_up_can_be_replayed(team: Team, receiver: Receiver) -> None:
    group_id, receiver.answers["/in"] = team.new_group(), 500
    webhook_id, secret = hook(team, receiver.url("/in"), "message.created")
    say(team, group_id, "once more")
    await eventually(lambda: len(deliveries(team, webhook_id, "failed")) == 1)
    [failed] = deliveries(team, webhook_id, "failed")
    assert (failed["attempts"], failed["status"], failed["next_attempt_at"]) == (4, 500, None)
    receiver.answers.clear()
    replay = f"/webhooks/{webhook_id}/deliveries/{failed['id']}/replay"
    assert team.post("ada", replay)["state"] == "waiting"
    await eventually(lambda: len(deliveries(team, webhook_id, "delivered")) == 1)
    assert len(receiver.verified("/in", secret)) == 5
    assert len({one.headers["webhook-id"] for one in receiver.at("/in")}) == 1
    assert team.call("ada", "POST", replay).json()["code"] == "conflict"


async def test_nothing_is_lost_when_the_runtime_is_killed(team: Team) -> None:
    group_id, receiver = team.new_group(), Receiver()
    with receiver.listening():
        webhook_id, secret = hook(team, receiver.url("/in"), "message.created")
    texts = [f"message {n}" for n in range(5)]
    for text in texts:
        say(team, group_id, text)
    with receiver.listening():
        team.deployment.stack.kill_runtime()
        await eventually(lambda: len({one.headers["webhook-id"] for one in receiver.at("/in")}) == len(texts))
        await eventually(lambda: len(deliveries(team, webhook_id, "delivered")) == len(texts))
    assert {one["event"]["data"]["text"] for one in receiver.verified("/in", secret)} == set(texts)


async def test_a_receiver_that_hangs_delays_nobody_and_redirects_lead_nowhere(team: Team, receiver: Receiver) -> None:
    group_id, receiver.answers["/led"] = team.new_group(), 307
    slow, _ = hook(team, receiver.url("/hangs"), "message.created")
    led, _ = hook(team, receiver.url("/led"), "message.created")
    quick, _ = hook(team, receiver.url("/in"), "message.created")
    say(team, group_id, "hello")
    await eventually(lambda: len(deliveries(team, quick, "delivered")) == 1)
    assert deliveries(team, slow, "failed") == []
    await eventually(lambda: [one["error"] for one in deliveries(team, slow, "failed")] == ["timeout"])
    await eventually(lambda: [one["status"] for one in deliveries(team, led, "failed")] == [307])
    assert receiver.at("/elsewhere") == []


async def test_who_answers_410_is_told_nothing_more(team: Team, receiver: Receiver) -> None:
    group_id, receiver.answers["/in"] = team.new_group(), 410
    webhook_id, _ = hook(team, receiver.url("/in"), "message.created")
    say(team, group_id, "one")
    await eventually(lambda: team.get("ada", f"/webhooks/{webhook_id}")["enabled"] is False)
    say(team, group_id, "two")
    other, _ = hook(team, receiver.url("/other"), "message.created")
    say(team, group_id, "three")
    await eventually(lambda: len(deliveries(team, other, "delivered")) == 1)
    assert len(receiver.at("/in")) == 1
    assert [one["status"] for one in deliveries(team, webhook_id)] == [410]


async def test_a_deleted_webhook_leaves_nothing(team: Team) -> None:
    group_id, receiver = team.new_group(), Receiver()
    with receiver.listening():
        webhook_id, _ = hook(team, receiver.url("/in"), "message.created")
    say(team, group_id, "hello")
    await eventually(lambda: len(deliveries(team, webhook_id)) == 1)
    team.call("ada", "DELETE", f"/webhooks/{webhook_id}").raise_for_status()
    stack = team.deployment.stack
    rows = "SELECT id FROM deliveries WHERE webhook_id = ?"
    assert stack.object_sql("WebhookOutbox", team.org_id, rows, webhook_id) == []
    assert team.call("ada", "GET", f"/webhooks/{webhook_id}").status_code == 404


async def test_what_waits_for_a_webhook_loses_the_words_of_whoever_is_erased(team: Team, receiver: Receiver) -> None:
    group_id, receiver.answers["/in"] = team.new_group("ben"), 500
    webhook_id, secret = hook(team, receiver.url("/in"), "message.created")
    said = {"client_msg_id": "k", "text": "Kaiserschmarrn"}
    seq = team.post("ben", f"/groups/{group_id}/messages", said)["seq"]
    await eventually(lambda: len(deliveries(team, webhook_id, "failed")) == 1)
    team.post("ada", f"/people/{team.ids['ben']}/erase", {"confirm": team.ids["ben"]})
    kept = team.deployment.stack.object_sql("WebhookOutbox", team.org_id, "SELECT body FROM deliveries")
    assert len(kept) == 1
    assert not [word for word in ("Kaiserschmarrn", "Ben") if word in json.dumps(kept)]
    receiver.answers.clear()
    [failed] = deliveries(team, webhook_id, "failed")
    team.post("ada", f"/webhooks/{webhook_id}/deliveries/{failed['id']}/replay")
    await eventually(lambda: len(deliveries(team, webhook_id, "delivered")) == 1)
    told = receiver.verified("/in", secret)[-1]["event"]
    assert (told["seq"], told["data"]["text"], told["actor"]["name"]) == (seq, "", "")


def test_what_nobody_listens_to_is_handed_to_nobody(team: Team) -> None:
    group_id = team.new_group()
    say(team, group_id, "hello")
    facts = team.deployment.stack.object_sql("GroupController", group_id, "SELECT key FROM meta")
    assert "handed_seq" not in {row["key"] for row in facts}


def test_webhooks_are_for_those_who_run_the_org_and_of_no_other(team: Team, receiver: Receiver) -> None:
    webhook_id, secret = hook(team, receiver.url("/in"))
    shown = team.get("ada", "/webhooks")
    assert [one["id"] for one in shown["webhooks"]] == [webhook_id]
    assert secret not in json.dumps(shown)
    stranger = team.deployment.new_team()
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries")):
        assert team.call("ben", method, f"/webhooks/{webhook_id}{path}").status_code == 403
        assert stranger.call("ada", method, f"/webhooks/{webhook_id}{path}").status_code == 404
    assert stranger.get("ada", "/webhooks") == {"webhooks": [], "next": None}


def test_an_org_has_ten_webhooks_and_no_more(team: Team, receiver: Receiver) -> None:
    for _ in range(10):
        hook(team, receiver.url("/in"))
    new = {"url": receiver.url("/in"), "events": ALL, "label": "Eleven"}
    assert team.call("ada", "POST", "/webhooks", new).json()["code"] == "conflict"


@pytest.mark.parametrize(
    "wrong", [{"url": "https://10.0.0.1/"}, {"events": []}, {"events": ["message.whispered"]}, {"label": ""}]
)
def test_a_bad_webhook_is_told_so(team: Team, wrong: dict[str, object]) -> None:
    new = {"url": "https://hooks.harbour.example.org/in", "events": ALL, "label": "Test", **wrong}
    assert team.call("ada", "POST", "/webhooks", new).json()["code"] == "invalid_body"
