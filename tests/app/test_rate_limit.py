import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from app.rate_limit import LEASE_LIMIT, Lease, RateLimit
from app.routes import endpoints
from app.store import Person
from durable_objects.limits import Bucket
from shared.errors import TooManyRequests, Unavailable
from shared.http import Exchange
from shared.log import Log

ADA, BEN = (Person(f"usr_{name}", "org_1", name, "member", "2027") for name in ("ada", "ben"))


@dataclass
class FakeLeases:
    """`app.rate_limit.Leases` over the product's own bucket, as the object keeps it."""

    per_minute: int
    now_ms: int = 1_000_000
    down: bool = False
    asked: int = 0
    buckets: dict[str, Bucket] = field(default_factory=dict)

    async def lease(self, user_id: str, wanted: int) -> Lease:
        self.asked += 1
        if self.down:
            raise Unavailable(reason="rate limiter: down")
        bucket = self.buckets.setdefault(user_id, Bucket(self.per_minute / 60, self.per_minute, self.now_ms))
        granted = bucket.take(wanted, self.now_ms)
        return Lease(granted, int(bucket.tokens), bucket.next_in_ms())


class Isolate:
    def __init__(self, leases: FakeLeases) -> None:
        self.lines: list[dict[str, Any]] = []
        log = Log(lambda line: self.lines.append(json.loads(line)), lambda: 0, "app")
        self.limit = RateLimit(leases, leases.per_minute, log)
        self.headers: dict[str, str] = {}

    async def ask(self, who: Person | None = ADA) -> None:
        exchange = Exchange(endpoints.rows[0], who, Request({"type": "http", "headers": []}), b"", {})
        self.headers = exchange.headers

        async def go_on() -> Response:
            return Response()

        await self.limit(exchange, go_on)

    async def granted(self, who: Person | None = ADA) -> int:
        """How many requests in a row are."""
        for count in range(10_000):
            try:
                await self.ask(who)
            except TooManyRequests:
                return count
        raise AssertionError("no end to it")


@pytest.mark.parametrize("per_minute", [1, 7, 60, 600])
async def test_all_isolates_together_grant_no_more_than_the_limit(per_minute: int) -> None:
    leases = FakeLeases(per_minute)
    isolates = [Isolate(leases) for _ in range(3)]
    for turn in range(2 * per_minute):
        try:
            await isolates[turn % 3].ask()
        except TooManyRequests:
            break
    assert sum([await isolate.granted() for isolate in isolates]) + turn <= per_minute
    assert await isolates[0].granted(BEN) > 0, "everybody has a bucket of their own"


async def test_what_is_refused_may_come_back_when_it_was_told() -> None:
    leases = FakeLeases(60)
    isolate = Isolate(leases)
    assert await isolate.granted() == 60
    with pytest.raises(TooManyRequests) as caught:
        await isolate.ask()
    assert caught.value.retry_after_ms == 1001
    leases.now_ms += 1001
    await isolate.ask()


async def test_every_answer_says_what_is_left() -> None:
    isolate = Isolate(FakeLeases(120))
    await isolate.ask()
    assert isolate.headers == {"RateLimit-Policy": '"person";q=120;w=60', "RateLimit": '"person";r=119;t=1'}
    assert await isolate.granted() == 119
    assert isolate.headers["RateLimit"] == '"person";r=0;t=60'


async def test_not_every_request_costs_a_call() -> None:
    leases = FakeLeases(600)
    assert await Isolate(leases).granted() == 600
    assert leases.asked == 600 // LEASE_LIMIT + 1


async def test_while_nobody_counts_nobody_is_refused_and_the_log_tells() -> None:
    leases = FakeLeases(1, down=True)
    isolate = Isolate(leases)
    for _ in range(3):
        await isolate.ask()
    assert isolate.headers == {}
    assert [line["event"] for line in isolate.lines] == ["rate_limit_unavailable"] * 3


async def test_who_is_no_person_is_not_counted() -> None:
    leases = FakeLeases(1)
    for _ in range(3):
        await Isolate(leases).ask(None)
    assert leases.asked == 0
