"""A deep check of a deployment: every part is asked for something small, all at once, and answers or is named.

Law: a check changes nothing that anybody reads, and takes PATIENCE_S at most. Whoever may see it is told a part's code;
the reason is for the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from shared.clock import Clock
from shared.errors import ParleyError, Unavailable
from shared.log import Log
from shared.ports import Bucket, Database, Peer

Check = Callable[[], Awaitable[object]]
"""Asks one part. Raises ParleyError when it does not answer as it should."""
Checks = Mapping[str, Check]
PATIENCE_S: Final = 5.0
UNUSED: Final = "healthz"
"""The name of an object, and the key of an archive, that nothing else has."""
_OK: Final = 200


class PartChecked(BaseModel):
    """`code` says how a part failed: that of an error, or `timeout`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Literal["ok", "failed"]
    ms: int
    code: str | None = None


class Checkup(BaseModel):
    """`failed` when any part has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["ok", "failed"]
    parts: tuple[PartChecked, ...]

    @classmethod
    def of(cls, *parts: PartChecked) -> "Checkup":
        return cls(status="ok" if all(part.status == "ok" for part in parts) else "failed", parts=parts)


async def examine(checks: Checks, clock: Clock, log: Log) -> list[PartChecked]:
    """Every part's answer, in the order of `checks`."""
    return list(await asyncio.gather(*(_examined(name, check, clock, log) for name, check in checks.items())))


async def _examined(name: str, check: Check, clock: Clock, log: Log) -> PartChecked:
    started_ms = clock()
    code = reason = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            await check()
    except ParleyError as exc:
        code, reason = exc.code, exc.reason
    except TimeoutError:
        code = reason = "timeout"
    elapsed_ms = clock() - started_ms
    if code is None:
        return PartChecked(name=name, status="ok", ms=elapsed_ms)
    log("part_failed", part=name, code=code, reason=reason, ms=elapsed_ms)
    return PartChecked(name=name, status="failed", ms=elapsed_ms, code=code)


# ── what is asked of the usual parts ────────────────────────────────────────────────────────────────────────────────


def of_database(database: Database) -> Check:
    return lambda: database.rows("SELECT 1")


def of_bucket(bucket: Bucket) -> Check:
    return lambda: bucket.read(UNUSED)


def of_worker(peer: Peer) -> Check:
    async def ask() -> None:
        reply = await peer.call("GET", "/healthz", {}, b"")
        if reply.status != _OK:
            raise Unavailable(reason=f"its health was {reply.status}")

    return ask
