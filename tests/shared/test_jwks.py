import asyncio

import pytest

from shared.errors import Unavailable
from shared.jwks import FRESH_MS, REREAD_MS, RETRY_MS, OwnKeys, RemoteKeys, own_keys
from shared.keys import PrivateKey, PrivateKeySet
from tools.es256 import new_private_key

FIRST, SECOND = new_private_key(), new_private_key()


class Issuer:
    """An issuer's key document, read over a clock that stands until it is moved."""

    def __init__(self, *keys: PrivateKey) -> None:
        self.now_ms = 1_800_000_000_000
        self.reads = 0
        self.document = b""
        self.down = False
        self.publish(*keys)
        self.keys = RemoteKeys(self.read, lambda: self.now_ms, own_keys)

    def publish(self, *keys: PrivateKey) -> None:
        self.document = PrivateKeySet(keys=keys).published().model_dump_json().encode()

    async def read(self) -> bytes:
        self.reads += 1
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable
        return self.document


async def test_a_known_key_is_read_once() -> None:
    issuer = Issuer(FIRST)

    assert [await issuer.keys.key(FIRST.thumbprint) for _ in range(3)] == [FIRST.public] * 3
    assert issuer.reads == 1


def test_how_long_keys_are_kept_and_how_often_they_are_read() -> None:
    assert (FRESH_MS, REREAD_MS, RETRY_MS) == (300_000, 60_000, 1_000)


async def test_a_known_key_is_read_again_after_five_minutes_and_not_before() -> None:
    issuer = Issuer(FIRST)
    for moved_ms, reads in ((0, 1), (REREAD_MS, 1), (FRESH_MS - REREAD_MS - 1, 1), (1, 2)):
        issuer.now_ms += moved_ms
        assert await issuer.keys.key(FIRST.thumbprint) == FIRST.public
        assert issuer.reads == reads


async def test_an_issuer_that_is_down_is_asked_once_a_second() -> None:
    issuer = Issuer(FIRST)
    issuer.down = True
    for moved_ms, reads in ((0, 1), (0, 1), (RETRY_MS - 1, 1), (1, 2)):
        issuer.now_ms += moved_ms
        with pytest.raises(Unavailable):
            await issuer.keys.key(FIRST.thumbprint)
        assert issuer.reads == reads
    issuer.down = False
    issuer.now_ms += RETRY_MS
    assert await issuer.keys.key(FIRST.thumbprint) == FIRST.public


async def test_unknown_keys_cause_at_most_one_read_a_minute() -> None:
    issuer = Issuer(FIRST)
    await issuer.keys.key(FIRST.thumbprint)
    for moved_ms in (0, 1, REREAD_MS - 2):
        issuer.now_ms += moved_ms
        assert await issuer.keys.key("unknown") is None
    assert issuer.reads == 1
    issuer.now_ms += 1

    assert [await issuer.keys.key(f"unknown-{n}") for n in range(50)] == [None] * 50
    assert issuer.reads == 2


async def test_unknown_keys_that_come_at_once_cause_one_read_too() -> None:
    issuer = Issuer(FIRST)
    await issuer.keys.key(FIRST.thumbprint)
    for waited_ms in (REREAD_MS, FRESH_MS):
        issuer.now_ms += waited_ms
        before = issuer.reads
        assert await asyncio.gather(*(issuer.keys.key(f"unknown-{n}") for n in range(50))) == [None] * 50
        assert issuer.reads == before + 1


async def test_who_comes_while_the_first_reading_is_under_way_is_not_refused() -> None:
    issuer = Issuer(FIRST)
    assert await asyncio.gather(*(issuer.keys.key(FIRST.thumbprint) for _ in range(5))) == [FIRST.public] * 5


async def test_a_successor_is_found_when_it_is_first_used() -> None:
    issuer = Issuer(FIRST)
    await issuer.keys.key(FIRST.thumbprint)
    issuer.publish(SECOND, FIRST)
    issuer.now_ms += REREAD_MS

    assert await issuer.keys.key(SECOND.thumbprint) == SECOND.public
    assert await issuer.keys.key(FIRST.thumbprint) == FIRST.public


async def test_a_withdrawn_key_is_forgotten_within_five_minutes() -> None:
    issuer = Issuer(FIRST, SECOND)
    await issuer.keys.key(FIRST.thumbprint)
    issuer.publish(SECOND)
    issuer.now_ms += FRESH_MS

    assert await issuer.keys.key(FIRST.thumbprint) is None


async def test_known_keys_survive_an_issuer_that_is_down() -> None:
    issuer = Issuer(FIRST)
    await issuer.keys.key(FIRST.thumbprint)
    issuer.down = True
    issuer.now_ms += FRESH_MS

    assert await issuer.keys.key(FIRST.thumbprint) == FIRST.public


@pytest.mark.parametrize("document", [b"", b"{}", b"<html>", b'{"keys":[{}]}', b'{"keys":[],"more":1}'])
async def test_an_unreadable_document_is_no_set_of_keys(document: bytes) -> None:
    issuer = Issuer(FIRST)
    issuer.document = document

    with pytest.raises(Unavailable):
        await issuer.keys.key(FIRST.thumbprint)


async def test_without_any_keys_nothing_can_be_said() -> None:
    issuer = Issuer(FIRST)
    issuer.down = True

    with pytest.raises(Unavailable):
        await issuer.keys.key(FIRST.thumbprint)


async def test_own_keys_need_no_reading() -> None:
    keys = OwnKeys(PrivateKeySet(keys=(FIRST,)).published())

    assert await keys.key(FIRST.thumbprint) == FIRST.public
    assert await keys.key(SECOND.thumbprint) is None
