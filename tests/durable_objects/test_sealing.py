import json
from collections.abc import Callable

import pytest

from durable_objects.sealing import CHECKPOINTS, Chain, sealed, subject_of
from shared.protocol import MemberJoined, MessageCreated
from tests.clients import wire

KEY = bytes(range(32))
OTHER = bytes(32)


def key(value: bytes) -> Callable[[str], bytes]:
    return lambda _: value


def test_a_sealed_event_says_all_but_the_words() -> None:
    body = wire.event(3, MessageCreated(text="Fisch", client_msg_id="k"))
    form = json.loads(sealed(body, key(KEY)))
    digests = form.pop("digests")
    whole = json.loads(body)
    assert set(digests) == {"actor.name", "data.text"}
    assert all(len(digest) == 64 for digest in digests.values())
    assert form == whole | {"actor": whole["actor"] | {"name": ""}, "data": whole["data"] | {"text": ""}}


def test_what_is_sealed_already_stays_as_it_is() -> None:
    """An event whose words were erased: no key is needed for it any more."""
    form = sealed(wire.event(3), key(KEY))
    assert sealed(form, key(OTHER)) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (wire.event(3, MessageCreated(text="yes")), wire.event(4, MessageCreated(text="yes"))),
        (wire.event(3, MessageCreated(text="Ada")), wire.event(3, MessageCreated(text="ada"))),
    ],
)
def test_a_digest_says_nothing_of_other_events(one: str, other: str) -> None:
    digests = [json.loads(sealed(body, key(KEY)))["digests"]["data.text"] for body in (one, other)]
    assert digests[0] != digests[1]


def test_the_same_words_under_another_key_have_another_digest() -> None:
    body = wire.event(3)
    assert json.loads(sealed(body, key(KEY)))["digests"] != json.loads(sealed(body, key(OTHER)))["digests"]


def test_an_event_about_a_member_belongs_to_that_member() -> None:
    assert subject_of(json.loads(wire.event(1, MemberJoined(member=wire.BEN)))) == wire.BEN.id
    assert subject_of(json.loads(wire.event(1))) == wire.ADA.id


@pytest.mark.parametrize("length", [1, 2, CHECKPOINTS, CHECKPOINTS + 1, 3 * CHECKPOINTS + 7])
def test_checkpoints_are_few_and_lie_on_the_chain(length: int) -> None:
    chain, hashes = Chain(length), []
    for number in range(length):
        chain.add(str(number))
        hashes.append(chain.head[:16])
    assert len(chain.checkpoints) <= CHECKPOINTS
    assert chain.checkpoints == hashes[chain.every - 1 :: chain.every]
