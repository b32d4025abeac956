"""Asking twice with the same Idempotency-Key creates once (IETF draft-ietf-httpapi-idempotency-key-header).

Law: for every POST that answers 201, whatever its handler. A key belongs to whoever sent it and stands for one request
for a day; what was answered is sealed with it: the directory alone gives no token away.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from starlette.responses import Response

from app.store import Person
from shared.clock import Clock
from shared.errors import IdempotencyConflict, IdempotencyPending, InvalidBody
from shared.http import Exchange, GoOn
from shared.keys import b64url, b64url_bytes
from shared.ports import Database

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
KEY_LIMIT_CHARS: Final = 255
KEPT_MS: Final = 24 * 3600 * 1000
PATIENCE_MS: Final = 60_000
"""After so long the first request is not coming back: the Worker that answered it is gone."""
_CREATED: Final = 201
_OK: Final = range(200, 300)


class Cipher(Protocol):
    """Authenticated encryption under a key of 32 bytes."""

    async def seal(self, key: bytes, text: bytes) -> bytes: ...

    async def open(self, key: bytes, sealed: bytes) -> bytes | None:
        """None when it was not sealed with this key."""
        ...


@dataclass(frozen=True)
class Kept:
    """What a key stands for; `status` and `answer` are None until the first request was answered."""

    digest: str
    asked_ms: int
    status: int | None
    answer: str | None


class KeptAnswers:
    """The statements behind the keys."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def claim(self, subject: str, key: str, digest: str, now_ms: int) -> Kept | None:
        """None for whoever comes first; for all others what the key stands for."""
        await self._db.rows("DELETE FROM kept_answers WHERE asked_ms <= ?", now_ms - KEPT_MS)
        first = await self._db.rows(
            """INSERT INTO kept_answers (subject, key, digest, asked_ms) VALUES (?, ?, ?, ?)
               ON CONFLICT DO NOTHING RETURNING key""",
            subject,
            key,
            digest,
            now_ms,
        )
        return None if first else await self._kept(subject, key)

    async def _kept(self, subject: str, key: str) -> Kept:
        rows = await self._db.rows(
            "SELECT digest, asked_ms, status, answer FROM kept_answers WHERE subject = ? AND key = ?", subject, key
        )
        if not rows:
            raise IdempotencyPending(reason="released just now")
        row = rows[0]
        status, answer = row["status"], row["answer"]
        return Kept(
            str(row["digest"]),
            int(row["asked_ms"] or 0),
            None if status is None else int(status),
            None if answer is None else str(answer),
        )

    async def keep(self, subject: str, key: str, status: int, answer: str) -> None:
        await self._db.rows(
            "UPDATE kept_answers SET status = ?, answer = ? WHERE subject = ? AND key = ?", status, answer, subject, key
        )

    async def release(self, subject: str, key: str) -> None:
        await self._db.rows("DELETE FROM kept_answers WHERE subject = ? AND key = ?", subject, key)


@dataclass(frozen=True)
class Idempotency:
    """Stands around every handler. `secret` is this deployment's; together with a key it seals what is kept."""

    kept: KeptAnswers
    cipher: Cipher
    secret: str
    clock: Clock

    async def __call__(self, exchange: Exchange, go_on: GoOn) -> Response:
        endpoint, key = exchange.endpoint, exchange.request.headers.get(HEADER)
        if key is None or (endpoint.method, endpoint.status) != ("POST", _CREATED):
            return await go_on()
        if not key.strip() or len(key) > KEY_LIMIT_CHARS:
            raise InvalidBody(f"{HEADER}: 1 to {KEY_LIMIT_CHARS} characters, not all of them spaces")
        subject = exchange.caller.id if isinstance(exchange.caller, Person) else "operator"
        name, digest = hashlib.sha256(key.encode()).hexdigest(), _digest(exchange)
        before = await self.kept.claim(subject, name, digest, self.clock())
        if before is not None:
            return await self._again(before, digest, self._seal_key(subject, key))
        return await self._first(subject, name, self._seal_key(subject, key), go_on)

    async def _first(self, subject: str, name: str, seal_key: bytes, go_on: GoOn) -> Response:
        """What failed was not created: the key is free again."""
        response = await _or_else(go_on, lambda: self.kept.release(subject, name))
        if response.status_code in _OK:
            sealed = await self.cipher.seal(seal_key, bytes(response.body))
            await self.kept.keep(subject, name, response.status_code, b64url(sealed))
        else:
            await self.kept.release(subject, name)
        return response

    async def _again(self, before: Kept, digest: str, seal_key: bytes) -> Response:
        if before.digest != digest:
            raise IdempotencyConflict
        if before.status is None or before.answer is None:
            if self.clock() - before.asked_ms < PATIENCE_MS:
                raise IdempotencyPending
            raise IdempotencyConflict(
                "Whether the first request was carried out is not known; look, then use a new key"
            )
        body = await self.cipher.open(seal_key, b64url_bytes(before.answer))
        if body is None:
            raise IdempotencyConflict("It was carried out, but its answer is no longer readable")
        headers = {"Cache-Control": "no-store", REPLAYED_HEADER: "true"}
        return Response(body, before.status, headers, "application/json")

    def _seal_key(self, subject: str, key: str) -> bytes:
        return hmac.digest(self.secret.encode(), f"idempotency\0{subject}\0{key}".encode(), "sha256")


async def _or_else(work: GoOn, undo: Callable[[], Awaitable[None]]) -> Response:
    try:
        return await work()
    except Exception:
        await undo()
        raise


def _digest(exchange: Exchange) -> str:
    """What makes a request the same one: where it goes and what it says."""
    request = exchange.request
    target = b"\0".join((request.scope["raw_path"], request.scope["query_string"]))
    return hashlib.sha256(b"\0".join((request.method.encode(), target, exchange.raw))).hexdigest()
