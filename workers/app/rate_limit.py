"""How often a person may ask (draft-ietf-httpapi-ratelimit-headers): all isolates together, all tokens together.

Law: what is granted was taken out of the person's one bucket before. It is taken a few at a time and handed out from
memory, so that not every request costs a call; what an isolate took and never used is lost to nobody but that person.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from starlette.responses import Response

from app.store import Person
from shared.errors import TooManyRequests, Unavailable
from shared.http import Exchange, GoOn
from shared.log import Log

LEASE_LIMIT: Final = 10
_HELD_LIMIT: Final = 10_000
_PERIOD_S: Final = 60


@dataclass(frozen=True)
class Lease:
    """`granted` of what was wanted; `left` in the bucket; when it is nothing, in `wait_ms` there is something."""

    granted: int
    left: int
    wait_ms: int


class Leases(Protocol):
    async def lease(self, user_id: str, wanted: int) -> Lease:
        """Raises Unavailable."""
        ...


@dataclass
class _Held:
    requests: int = 0
    left: int = 0


class RateLimit:
    """Stands around every handler."""

    def __init__(self, leases: Leases, per_minute: int, log: Log) -> None:
        self._leases = leases
        self._per_minute = per_minute
        self._wanted = max(1, min(LEASE_LIMIT, per_minute // _PERIOD_S))
        self._log = log
        self._held: dict[str, _Held] = {}

    async def __call__(self, exchange: Exchange, go_on: GoOn) -> Response:
        if isinstance(exchange.caller, Person):
            try:
                await self._take(exchange.caller.id, exchange.headers)
            except Unavailable as exc:
                # Better unlimited for a moment than closed: nobody's credential depends on this count.
                self._log("rate_limit_unavailable", reason=exc.reason)
        return await go_on()

    async def _take(self, user_id: str, headers: dict[str, str]) -> None:
        """Raises TooManyRequests, Unavailable."""
        held = self._of(user_id)
        wait_ms = 0
        if held.requests == 0:
            lease = await self._leases.lease(user_id, self._wanted)
            held.requests += lease.granted
            held.left, wait_ms = lease.left, lease.wait_ms
        refused = held.requests == 0
        held.requests -= 0 if refused else 1
        headers.update(self._told(held.requests + held.left))
        if refused:
            raise TooManyRequests(retry_after_ms=wait_ms)

    def _of(self, user_id: str) -> _Held:
        held = self._held.pop(user_id, None) or _Held()
        while len(self._held) >= _HELD_LIMIT:
            del self._held[next(iter(self._held))]
        self._held[user_id] = held
        return held

    def _told(self, remaining: int) -> dict[str, str]:
        full_in_s = -(-(self._per_minute - remaining) * _PERIOD_S // self._per_minute)
        return {
            "RateLimit-Policy": f'"person";q={self._per_minute};w={_PERIOD_S}',
            "RateLimit": f'"person";r={remaining};t={max(full_in_s, 0)}',
        }
