"""What an org's webhooks want reaches its outbox: at least once, in batches, and at no price where nobody listens."""

import json
from dataclasses import dataclass, field

import pytest

from durable_objects.calls import Archive, OpenSession, Restore
from durable_objects.effects import HandOver, Rang, RingAt
from durable_objects.webhook_feed import BATCH_EVENTS, RETRY_MS, HandingOver
from shared.errors import Unavailable
from shared.protocol import Actor
from shared.webhooks import Accept
from tests.durable_objects.house import GROUP, KEY, ORG, House, user_id

LISTENING = ("group.archived", "message.created")


@dataclass
class Outbox:
    """`durable_objects.webhook_feed.Outboxes`, or nobody there."""

    is_away: bool = False
    told: list[Accept] = field(default_factory=list)

    async def accept(self, told: Accept) -> None:
        if self.is_away:
            raise Unavailable(reason="away")
        self.told.append(told)

    @property
    def seqs(self) -> list[int]:
        return [json.loads(text)["seq"] for batch in self.told for text in batch.events]


async def hand_over(house: House, outbox: Outbox) -> None:
    await HandingOver(house.group.rules.webhooks, outbox)()


def asked_for(house: House) -> int:
    return len([effect for effect in house.effects if isinstance(effect, HandOver)])


async def test_where_nobody_listens_nothing_is_handed_over_and_nothing_kept() -> None:
    house, outbox = House(), Outbox()
    house.sit("ada").say("hi")
    await hand_over(house, outbox)
    assert (asked_for(house), outbox.told) == (0, [])
    assert house.group.room.journal.fact("handed_seq") is None


async def test_a_new_group_is_heard_from_its_beginning_with_what_is_wanted_alone() -> None:
    house, outbox = House(hooks=("member.joined", "message.created")), Outbox()
    seq = house.sit("ada").say("hi")
    await hand_over(house, outbox)
    joined = [event["seq"] for event in house.of_type("member.joined")]
    assert outbox.seqs == [*joined, seq]
    stored = {event["seq"]: event for event in house.log}
    assert [json.loads(text) for text in outbox.told[0].events] == [stored[seq] for seq in outbox.seqs]
    assert (outbox.told[0].org_id, outbox.told[0].group_id) == (ORG, GROUP)


async def test_who_begins_to_listen_hears_what_comes_from_then_on() -> None:
    house, outbox = House(), Outbox()
    ada = house.sit("ada")
    ada.say("before")
    house.set_roster(("ada", "ben"), hooks=LISTENING)
    seq = ada.say("after")
    await hand_over(house, outbox)
    assert outbox.seqs == [seq]
    house.set_roster(("ada", "ben"))
    ada.say("unheard")
    house.set_roster(("ada", "ben"), hooks=LISTENING)
    last = ada.say("again")
    await hand_over(house, outbox)
    assert outbox.seqs == [seq, last]


async def test_what_is_kept_of_a_roster_can_be_read_by_the_version_before() -> None:
    house = House(hooks=LISTENING)
    assert "hooks" not in json.loads(house.group.room.journal.facts()["roster"])
    house.wake()
    assert house.group.room.hooks == set(LISTENING)
    house.set_roster(("ada", "ben"))
    house.wake()
    assert house.group.room.hooks == set()


async def test_an_event_nobody_wants_calls_nobody() -> None:
    house = House(hooks=("run.finished",))
    ada, before = house.sit("ada"), asked_for(house)
    ada.say("hi")
    assert asked_for(house) == before


async def test_what_was_not_taken_is_handed_over_again() -> None:
    house, outbox = House(hooks=LISTENING), Outbox(is_away=True)
    seq = house.sit("ada").say("hi")
    with pytest.raises(Unavailable):
        await hand_over(house, outbox)
    outbox.is_away = False
    before = asked_for(house)
    house.now_ms += RETRY_MS[0]
    house.happen(Rang())
    assert asked_for(house) == before + 1
    house.wake()
    assert asked_for(house) == before + 2
    assert RingAt(house.now_ms + RETRY_MS[0]) in house.effects
    await hand_over(house, outbox)
    assert outbox.seqs == [seq]
    house.happen(Rang())
    assert asked_for(house) == before + 2


async def test_many_go_in_batches_in_their_order_and_none_twice() -> None:
    house, outbox = House(hooks=LISTENING), Outbox()
    ada = house.sit("ada")
    said = [ada.say(f"message {n}") for n in range(2 * BATCH_EVENTS + 7)]
    await hand_over(house, outbox)
    await hand_over(house, outbox)
    assert outbox.seqs == said
    assert [len(batch.events) for batch in outbox.told] == [BATCH_EVENTS, BATCH_EVENTS, 7]


async def test_a_group_that_was_lost_and_restored_is_heard_from_its_new_beginning() -> None:
    """Its log comes back from the archive; how far it was handed over does not."""
    house, outbox = House(hooks=("group.restored", "message.created")), Outbox()
    house.sit("ada").say("heard before")
    await hand_over(house, outbox)
    room = house.group.room
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    room.end_archiving()
    room.journal.forget("handed_seq")
    opening = OpenSession(
        controller_id="gc",
        session_epoch=2,
        private_key=KEY,
        certificate="cert",
        certificate_expires_s=20_000,
        roster=room.known().model_copy(update={"version": 2, "hooks": ("group.restored", "message.created")}),
    )
    by = Actor(kind="user", id=user_id("ada"), name="Ada")
    house.call(Restore(by=by, reason="again", r2_path="archives/x", head="0" * 64, opening=opening))
    outbox.told.clear()
    await hand_over(house, outbox)
    assert outbox.seqs == [house.of_type("group.restored")[0]["seq"]]


async def test_the_end_of_a_group_is_heard() -> None:
    house, outbox = House(hooks=LISTENING), Outbox()
    house.call(Archive(user_id=user_id("ada"), reason="over"))
    await hand_over(house, outbox)
    assert outbox.seqs == [house.of_type("group.archived")[0]["seq"]]
