import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response

from app.idempotency import KEPT_MS, PATIENCE_MS, Idempotency, KeptAnswers
from app.routes import endpoints
from app.store import Person
from shared.errors import Conflict, IdempotencyConflict, IdempotencyPending, InvalidBody, ParleyError, Unavailable
from shared.http import Exchange
from tests.fakes import FakeDatabase

ADA, BEN = (Person(f"usr_{name}", "org_1", name, "member", "2027") for name in ("ada", "ben"))
CREATES = next(row for row in endpoints.rows if (row.method, row.path) == ("POST", "/people/{user_id}/tokens"))
READS = next(row for row in endpoints.rows if row.method == "GET")
SECRET = "prl_the_token_that_is_shown_once"


class HostAesGcm:
    """`app.idempotency.Cipher` with the host's cryptography. The same nonce each time will do for a test."""

    async def seal(self, key: bytes, text: bytes) -> bytes:
        return AESGCM(key).encrypt(bytes(12), text, None)

    async def open(self, key: bytes, sealed: bytes) -> bytes | None:
        try:
            return AESGCM(key).decrypt(bytes(12), sealed, None)
        except InvalidTag:
            return None


class Desk:
    """Counts how often something was created."""

    def __init__(self) -> None:
        self.now_ms = 1_000
        self.created = 0
        self.database = FakeDatabase()
        self.failure: ParleyError | None = None
        self.busy: Callable[[], Awaitable[object]] | None = None
        self.secret = "s" * 32

    async def ask(self, key: str | None, *, who: Person | None = ADA, body: bytes = b"{}", **more: Any) -> Response:  # noqa: ANN401
        headers = [] if key is None else [(b"idempotency-key", key.encode("latin-1"))]
        path, query = more.get("path", b"/people/usr_ben/tokens"), more.get("query", b"")
        scope = {"type": "http", "method": "POST", "raw_path": path, "query_string": query, "headers": headers}
        exchange = Exchange(more.get("endpoint", CREATES), who, Request(scope), body, {})
        once = Idempotency(KeptAnswers(self.database), HostAesGcm(), self.secret, lambda: self.now_ms)
        return await once(exchange, self.create)

    async def create(self) -> Response:
        self.created += 1
        number = self.created
        if self.busy is not None:
            await self.busy()
        if self.failure is not None:
            raise self.failure
        return Response(json.dumps({"token": SECRET, "number": number}), 201, media_type="application/json")

    async def kept(self) -> list[str]:
        return [str(dict(row)) for row in await self.database.rows("SELECT * FROM kept_answers")]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.database.close()


async def test_the_same_request_again_gets_the_same_answer_and_creates_nothing(desk: Desk) -> None:
    first, again = await desk.ask("k"), await desk.ask("k")
    assert desk.created == 1
    assert (first.status_code, first.body) == (again.status_code, again.body)
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert again.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("other", [{"body": b"[]"}, {"path": b"/people/usr_eve/tokens"}, {"query": b"x=1"}], ids=str)
async def test_the_same_key_for_another_request_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    await desk.ask("k")
    with pytest.raises(IdempotencyConflict) as caught:
        await desk.ask("k", **other)
    assert caught.value.code == "idempotency_conflict"
    assert desk.created == 1


async def test_another_key_another_person_and_no_key_are_other_requests(desk: Desk) -> None:
    for key, who in (("k", ADA), ("l", ADA), ("k", BEN), ("k", None), (None, ADA), (None, ADA)):
        await desk.ask(key, who=who)
    assert desk.created == 6


async def test_only_what_creates_heeds_a_key(desk: Desk) -> None:
    for _ in range(2):
        await desk.ask("k", endpoint=READS)
    assert desk.created == 2


async def test_a_key_stands_for_a_day(desk: Desk) -> None:
    await desk.ask("k")
    desk.now_ms += KEPT_MS - 1
    await desk.ask("k")
    desk.now_ms += 1
    await desk.ask("k")
    assert desk.created == 2
    assert len(await desk.kept()) == 1, "what is over is forgotten"


async def test_of_those_who_ask_at_once_one_creates_and_the_others_come_back(desk: Desk) -> None:
    refused: list[ParleyError] = []

    async def meanwhile() -> None:
        for body in (b"{}", b"[]"):
            try:
                await desk.ask("k", body=body)
            except ParleyError as exc:
                refused.append(exc)

    desk.busy = meanwhile
    await desk.ask("k")
    assert desk.created == 1
    assert [(failure.code, failure.temporary) for failure in refused] == [
        ("idempotency_pending", True),
        ("idempotency_conflict", False),
    ]


async def test_what_failed_was_not_created_and_may_be_tried_again(desk: Desk) -> None:
    for failure in (Conflict("taken"), Unavailable(reason="d1")):
        desk.failure = failure
        with pytest.raises(type(failure)):
            await desk.ask("k")
    desk.failure = None
    assert (await desk.ask("k")).status_code == 201


async def test_a_first_request_that_never_came_back_creates_nothing_twice(desk: Desk) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        begun.set()
        await never.wait()

    desk.busy = stall
    asking = asyncio.create_task(desk.ask("k"))
    await begun.wait()
    desk.now_ms += PATIENCE_MS - 1
    with pytest.raises(IdempotencyPending):
        await desk.ask("k")
    desk.now_ms += 1
    with pytest.raises(IdempotencyConflict) as caught:
        await desk.ask("k")
    assert (caught.value.temporary, desk.created) == (False, 1)
    asking.cancel()


async def test_the_directory_gives_neither_key_nor_token_away(desk: Desk) -> None:
    await desk.ask("the-key")
    (row,) = await desk.kept()
    assert SECRET not in row
    assert "the-key" not in row
    desk.secret = "t" * 32
    with pytest.raises(IdempotencyConflict):
        await desk.ask("the-key")


@pytest.mark.parametrize("key", ["", " ", "\t ", "x" * 256])
async def test_a_bad_key_is_told_so(desk: Desk, key: str) -> None:
    with pytest.raises(InvalidBody):
        await desk.ask(key)
    assert desk.created == 0


async def test_of_many_keys_and_people_each_has_an_answer_of_its_own(desk: Desk) -> None:
    places = [(who, key) for who in (ADA, BEN) for key in ("one", "two")]
    first = [bytes((await desk.ask(key, who=who)).body) for who, key in places]
    assert [bytes((await desk.ask(key, who=who)).body) for who, key in places] == first
    assert (len(set(first)), desk.created) == (4, 4)


async def test_what_fails_frees_its_own_key_and_no_other(desk: Desk) -> None:
    for who, key in ((ADA, "one"), (BEN, "two")):
        await desk.ask(key, who=who)
    desk.failure = Conflict()
    with pytest.raises(Conflict):
        await desk.ask("two", who=ADA)
    desk.failure = None
    for who, key in ((ADA, "one"), (BEN, "two")):
        await desk.ask(key, who=who)
    assert desk.created == 3
    await desk.ask("two", who=ADA)
    assert desk.created == 4


async def test_a_key_may_be_as_long_as_the_limit_and_is_kept_for_a_day(desk: Desk) -> None:
    await desk.ask("k" * 255)
    with pytest.raises(InvalidBody):
        await desk.ask("k" * 256)
    assert (KEPT_MS, PATIENCE_MS) == (86_400_000, 60_000)


@pytest.mark.parametrize("status", [200, 299])
async def test_what_succeeded_is_kept(desk: Desk, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await answered(desk, status, monkeypatch)
    assert desk.created == 1


@pytest.mark.parametrize("status", [199, 300, 409])
async def test_an_answer_that_says_no_frees_the_key(desk: Desk, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    await answered(desk, status, monkeypatch)
    assert (desk.created, await desk.kept()) == (2, [])


async def answered(desk: Desk, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks twice for something that is answered so."""

    async def create() -> Response:
        desk.created += 1
        return Response(b"{}", status)

    monkeypatch.setattr(desk, "create", create)
    for _ in range(2):
        assert (await desk.ask("key")).body == b"{}"
