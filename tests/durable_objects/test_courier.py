"""The courier: who is served, who is left alone, and what is done about failures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from durable_objects.courier import RETRY_MS, Courier, Webhook
from durable_objects.outbox import Outcome, Subscriber
from shared.errors import Unavailable
from shared.log import Log
from tests.durable_objects.test_outbox import Desk, event

SECRET = "whsec_" + "A" * 44


@dataclass
class Directory:
    """`durable_objects.courier.Webhooks`: `found` is the one webhook there is."""

    found: Webhook | None = field(default_factory=lambda: Webhook("https://a.test", SECRET, is_enabled=True))
    is_away: bool = False
    disabled: list[str] = field(default_factory=list)

    async def subscribers(self, org_id: str, group_id: str) -> list[Subscriber]:
        raise AssertionError("not the courier's to ask", org_id, group_id)

    async def webhook(self, webhook_id: str) -> Webhook | None:
        del webhook_id
        if self.is_away:
            raise Unavailable(reason="away")
        return self.found

    async def disable(self, webhook_id: str) -> None:
        self.disabled.append(webhook_id)


@dataclass
class Line:
    """`durable_objects.courier.Post`: everything gets the same answer."""

    outcome: Outcome = field(default_factory=lambda: Outcome(200))
    posted: list[tuple[str, str]] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        assert body
        self.posted.append((url, headers["webhook-id"]))
        return self.outcome


class Round:
    def __init__(self) -> None:
        self.desk, self.directory, self.line = Desk(), Directory(), Line()
        log = Log(lambda _: None, lambda: self.desk.now_ms, "test")
        self.courier = Courier(self.desk.outbox, self.directory, self.line, lambda: self.desk.now_ms, log)

    def states(self) -> list[tuple[str, str | None]]:
        return [(one.state, one.error) for one in self.desk.page()]


@pytest.fixture
def round_() -> Iterator[Round]:
    round_ = Round()
    yield round_
    round_.desk.sql.close()


async def test_all_that_is_due_is_brought(round_: Round) -> None:
    round_.desk.accept(*(event(seq) for seq in range(1, 11)))
    assert round_.courier.idle_due() == ["whk_a"]
    await round_.courier.serve("whk_a")
    assert sorted(round_.line.posted) == sorted(("https://a.test", f"grp_1-epo_1-{seq}") for seq in range(1, 11))
    assert round_.states() == [("delivered", None)] * 10
    assert round_.courier.busy == set()


async def test_who_is_being_served_is_not_served_again(round_: Round) -> None:
    round_.desk.accept(event(1))
    round_.courier.busy.add("whk_a")
    assert round_.courier.idle_due() == []


async def test_a_deleted_webhook_is_sent_nothing_and_forgotten(round_: Round) -> None:
    round_.desk.accept(event(1))
    round_.directory.found = None
    await round_.courier.serve("whk_a")
    assert (round_.line.posted, round_.states()) == ([], [])


async def test_a_disabled_webhook_is_sent_nothing_and_what_waited_can_be_replayed(round_: Round) -> None:
    round_.desk.accept(event(1))
    round_.directory.found = Webhook("https://a.test", SECRET, is_enabled=False)
    await round_.courier.serve("whk_a")
    assert (round_.line.posted, round_.states()) == ([], [("failed", "disabled")])


async def test_gone_means_gone(round_: Round) -> None:
    round_.desk.accept(event(1))
    round_.line.outcome = Outcome(410)
    await round_.courier.serve("whk_a")
    assert (round_.directory.disabled, round_.states()) == (["whk_a"], [("failed", "gone")])


async def test_without_the_directory_nothing_is_used_up_and_nothing_spins(round_: Round) -> None:
    round_.desk.accept(event(1))
    round_.directory.is_away = True
    await round_.courier.serve("whk_a")
    [waiting] = round_.desk.page()
    assert (waiting.state, waiting.attempts) == ("waiting", 0)
    assert round_.desk.outbox.next_ms() == round_.desk.now_ms + RETRY_MS
    round_.directory.is_away = False
    round_.desk.now_ms += RETRY_MS
    await round_.courier.serve("whk_a")
    assert round_.states() == [("delivered", None)]
