"""The outbox: what is accepted is delivered or given up, and nothing of it stays longer than it must."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import durable_objects.outbox
from durable_objects.outbox import JITTER, KEPT_MS, Outbox, Outcome, Subscriber
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from shared.webhooks import Accept, Delivery, ReadDeliveries, Replay
from tests.fakes import FakeSql

RETRIES_MS = (5_000, 60_000)
BOTH = [Subscriber("whk_a", frozenset({"message.created"})), Subscriber("whk_b", frozenset({"run.finished"}))]


def event(seq: int, kind: str = "message.created", who: str = "usr_ada", **data: object) -> str:
    known = {"actor": {"id": who, "kind": "user", "name": who.upper()}, "data": data, "epoch": "epo_1", "seq": seq}
    return json.dumps({**known, "ts": "2026-01-01T00:00:00.000Z", "type": kind})


@dataclass
class Desk:
    """An outbox with its clock; `dice` is what chance gives."""

    sql: FakeSql = field(default_factory=FakeSql)
    now_ms: int = 1_000_000
    dice: float = 0.5
    ids: int = 0

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.sql, RETRIES_MS, self.make_id, lambda: self.dice)

    def make_id(self, prefix: str) -> str:
        self.ids += 1
        return new_id(prefix, self.now_ms, self.ids.to_bytes(10))

    def accept(self, *events: str) -> None:
        self.outbox.accept(Accept(org_id="org_1", group_id="grp_1", events=events), BOTH, self.now_ms)

    def page(self, webhook_id: str = "whk_a", state: Any = None) -> tuple[Delivery, ...]:  # noqa: ANN401
        return self.outbox.page(ReadDeliveries(webhook_id=webhook_id, state=state, after="", limit=100)).deliveries

    def try_all(self, status: int | None, error: str | None = None) -> int:
        parcels = self.outbox.parcels("whk_a", self.now_ms, 100)
        for parcel in parcels:
            self.outbox.settle(parcel.delivery_id, Outcome(status, error), self.now_ms)
        return len(parcels)

    def bodies(self) -> list[str]:
        return [str(body) for (body,) in self.sql.execute("SELECT body FROM deliveries ORDER BY id")]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.sql.close()


def test_each_webhook_gets_what_it_asked_for_once(desk: Desk) -> None:
    for _ in range(2):
        desk.accept(event(1), event(2, "run.finished"), event(3, "read.moved"))
    assert [(one.seq, one.message_id) for one in desk.page("whk_a")] == [(1, "grp_1-epo_1-1")]
    assert [one.seq for one in desk.page("whk_b")] == [2]
    assert desk.outbox.due(desk.now_ms) == ["whk_a", "whk_b"]


def test_what_failed_waits_longer_each_time_and_is_given_up_in_the_end(desk: Desk) -> None:
    desk.accept(event(1))
    for wait_ms in RETRIES_MS:
        assert desk.try_all(500) == 1
        assert desk.outbox.next_ms() == desk.now_ms + wait_ms
        desk.now_ms += wait_ms - 1
        assert desk.try_all(500) == 0
        desk.now_ms += 1
    assert desk.try_all(None, "timeout") == 1
    [failed] = desk.page(state="failed")
    assert (failed.attempts, failed.status, failed.error, failed.next_attempt_at) == (3, None, "timeout", None)
    assert desk.outbox.due(desk.now_ms) == []


@pytest.mark.parametrize("dice", [0.0, 1.0])
def test_waiting_varies_by_a_fifth(desk: Desk, dice: float) -> None:
    desk.accept(event(1))
    desk.dice = dice
    desk.try_all(503)
    assert desk.outbox.next_ms() == desk.now_ms + int(5_000 * (1 + JITTER * (2 * dice - 1)))


def test_of_what_was_delivered_the_words_are_gone_at_once_and_the_rest_in_a_day(desk: Desk) -> None:
    desk.accept(event(1))
    desk.try_all(204)
    assert desk.bodies() == [""]
    assert [one.state for one in desk.page()] == ["delivered"]
    assert desk.outbox.next_ms() == desk.now_ms + KEPT_MS["delivered"]
    desk.outbox.prune(desk.now_ms + KEPT_MS["delivered"] - 1)
    assert len(desk.page()) == 1
    desk.outbox.prune(desk.now_ms + KEPT_MS["delivered"])
    assert desk.page() == ()
    assert desk.outbox.next_ms() is None


def test_a_replay_begins_anew_and_only_where_there_is_something_to_replay(desk: Desk) -> None:
    desk.accept(event(1))
    desk.outbox.give_up("whk_a", "disabled", desk.now_ms)
    [failed] = desk.page(state="failed")
    assert failed.error == "disabled"
    replay = Replay(webhook_id="whk_a", delivery_id=failed.id)
    again = desk.outbox.replay(replay, desk.now_ms)
    assert (again.state, again.attempts) == ("waiting", 0)
    desk.try_all(200)
    with pytest.raises(Conflict):
        desk.outbox.replay(replay, desk.now_ms)
    with pytest.raises(NotFound):
        desk.outbox.replay(Replay(webhook_id="whk_b", delivery_id=failed.id), desk.now_ms)


def test_a_deleted_webhook_leaves_nothing_and_takes_nothing_of_others(desk: Desk) -> None:
    desk.accept(event(1), event(2, "run.finished"))
    [parcel] = desk.outbox.parcels("whk_a", desk.now_ms, 10)
    desk.outbox.forget("whk_a")
    desk.outbox.settle(parcel.delivery_id, Outcome(500), desk.now_ms)
    assert desk.page("whk_a") == ()
    assert len(desk.page("whk_b")) == 1


def test_what_is_too_much_fails_at_once_and_only_the_latest_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_objects.outbox, "WAITING_LIMIT", 2)
    monkeypatch.setattr(durable_objects.outbox, "KEPT_LIMIT", 3)
    desk.accept(*(event(seq) for seq in range(1, 10)))
    assert [one.seq for one in desk.page(state="waiting")] == [1, 2]
    assert [(one.seq, one.error) for one in desk.page(state="failed")] == [(seq, "overflow") for seq in (7, 8, 9)]


def test_pages_go_on_where_the_one_before_ended(desk: Desk) -> None:
    desk.accept(*(event(seq) for seq in range(1, 6)))
    seen: list[int] = []
    after = ""
    while found := desk.outbox.page(ReadDeliveries(webhook_id="whk_a", state=None, after=after, limit=2)).deliveries:
        seen += [one.seq for one in found]
        after = found[-1].id
    assert seen == [1, 2, 3, 4, 5]


def test_what_is_being_served_does_not_ring(desk: Desk) -> None:
    desk.accept(event(1))
    assert desk.outbox.next_ms() == desk.now_ms
    assert desk.outbox.next_ms({"whk_a"}) is None


def test_accepting_is_all_or_nothing(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.accept(event(1), '{"type":"message.created"}')
    assert desk.page() == ()


# ── whoever was erased ──────────────────────────────────────────────────────────────────────────────────────────────


def told_events(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(body)["event"] for body in desk.bodies() if body]


@pytest.mark.parametrize("state", ["waiting", "failed"])
def test_the_words_and_the_name_of_whoever_is_erased_are_delivered_to_nobody(desk: Desk, state: str) -> None:
    desk.accept(event(1, who="usr_ben", text="Kaiserschmarrn"), event(2, text="Germknödel"))
    if state == "failed":
        desk.outbox.give_up("whk_a", "disabled", desk.now_ms)
    for _ in range(2):
        desk.outbox.erase("usr_ben")
    his, hers = told_events(desk)
    assert (his["actor"], his["data"], his["seq"]) == ({"id": "usr_ben", "kind": "user", "name": ""}, {"text": ""}, 1)
    assert (hers["actor"]["name"], hers["data"]) == ("USR_ADA", {"text": "Germknödel"})
    assert [one.state for one in desk.page()] == [state, state]


def test_what_a_group_hands_over_that_has_not_heard_of_it_yet_is_told_without_their_words(desk: Desk) -> None:
    desk.outbox.erase("usr_ben")
    ben = {"id": "usr_ben", "name": "Ben", "role": "member"}
    hello = event(2, text="Grüß dich")
    desk.accept(event(1, who="usr_ben", text="Kaiserschmarrn"), hello, event(3, member=ben))
    assert [one["data"] for one in told_events(desk)] == [
        {"text": ""},
        {"text": "Grüß dich"},
        {"member": {"id": "usr_ben", "name": "", "role": "member"}},
    ]
    assert hello in desk.bodies()[1], "what is not theirs is told as it stands in the log"


def test_however_many_wait_all_of_them_are_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_objects.outbox, "_PAGE", 2)
    desk.accept(*(event(seq, who="usr_ben", text="Kaiserschmarrn") for seq in range(1, 8)))
    desk.outbox.erase("usr_ben")
    assert [one["data"]["text"] for one in told_events(desk)] == [""] * 7


# ── private groups ──────────────────────────────────────────────────────────────────────────────────────────────────

WITHOUT_LEAVE = [Subscriber("whk_a", frozenset({"message.created"}), hears_words=False), BOTH[1]]


def test_without_leave_a_webhook_hears_that_something_was_said_and_no_word_of_it(desk: Desk) -> None:
    said = event(1, text="Kaiserschmarrn", client_msg_id="kaiser", mentions=[{"kind": "user", "id": "usr_ben"}])
    told = Accept(org_id="org_1", group_id="grp_1", events=(said, event(2, "run.finished", error="Kaiserschmarrn")))
    desk.outbox.accept(told, WITHOUT_LEAVE, desk.now_ms)
    reduced, whole = (json.loads(body) for body in desk.bodies())
    assert reduced == {
        "type": "message.created",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "org_id": "org_1",
        "group_id": "grp_1",
        "withheld": True,
        "event": {
            "actor": {"id": "usr_ada", "kind": "user"},
            "data": {"mentions": [{"kind": "user", "id": "usr_ben"}]},
            "epoch": "epo_1",
            "seq": 1,
            "ts": "2026-01-01T00:00:00.000Z",
            "type": "message.created",
        },
    }
    assert "withheld" not in whole
    assert whole["event"]["data"] == {"error": "Kaiserschmarrn"}


def test_two_webhooks_hear_the_same_event_each_as_it_may(desk: Desk) -> None:
    let = Subscriber("whk_c", frozenset({"message.created"}))
    told = Accept(org_id="org_1", group_id="grp_1", events=(event(1, text="Kaiserschmarrn"),))
    desk.outbox.accept(told, [WITHOUT_LEAVE[0], let], desk.now_ms)
    assert ["Kaiserschmarrn" in body for body in desk.bodies()] == [False, True]


def test_what_waits_is_held_back_too_when_leave_is_taken_back_and_of_others_nothing(desk: Desk) -> None:
    desk.accept(event(1, text="Kaiserschmarrn"), event(2, "run.finished", error="Germknödel"))
    desk.outbox.withhold("whk_a")
    once = desk.bodies()
    desk.outbox.withhold("whk_a")
    assert desk.bodies() == once
    reduced, whole = (json.loads(body) for body in once)
    assert (reduced["withheld"], reduced["event"]["data"]) == (True, {})
    assert whole["event"]["data"] == {"error": "Germknödel"}
    assert [one.state for one in desk.page()] == ["waiting"]
