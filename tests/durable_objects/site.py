"""A group with everything that its end takes: a bucket, the Orchestrator itself, the directory; and what may go wrong.

Every await of the way passes through `Faults`, which fails at one of them, before it or after it has had its effect.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from httpx import Response

from durable_objects.archiver import Archiver
from durable_objects.calls import Archive, ControllerCall, DeleteGroup, ErasePerson, OpenSession, RosterSet
from durable_objects.effects import Rang, RingAt, SettleLife
from durable_objects.reloading import Reloader, log_needed
from durable_objects.renewal import Sessions
from shared.errors import ParleyError, Unavailable
from shared.keys import PrivateKeySet
from shared.ports import Reply, Row, SqlValue, Statement
from shared.signing import Signer
from shared.tokens import ORCHESTRATOR, SESSION, Tokens
from tests.durable_objects.house import GROUP, KEY, House, roster
from tests.fakes import FakeDatabase
from tests.orchestrator.office import ADA, APP_KEY, BEN, EPOCH, ISSUER_KEY, NOW_S, ORIGIN, FakeControllers, Office
from tests.shared.credential import Credential
from tests.shared.hostile import ES256
from tools.verify import Verified, verify_archive

T = TypeVar("T")
PUBLISHED = PrivateKeySet(keys=(ISSUER_KEY,)).published()
DAY_MS = 24 * 3600 * 1000
A_WHILE_MS = 600_000


class Killed(BaseException):
    """The process is gone: nobody catches this."""


@dataclass
class Faults:
    """Fails once, at the `at`-th await, in this `manner`; never when `at` is 0."""

    at: int = 0
    manner: str = "before"
    passed: int = 0
    names: list[str] = field(default_factory=list)

    def disarm(self) -> None:
        self.at = 0

    async def through(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        fails = self.fails(name)
        if fails and self.manner == "before":
            raise Unavailable(reason=name)
        result = await work()
        if fails and self.manner == "after":
            raise Unavailable(reason=name)
        if fails and self.manner == "killed":
            raise Killed(name)
        return result

    def arm(self, at: int, manner: str) -> None:
        """From now on counted."""
        self.at, self.manner, self.passed = at, manner, 0
        self.names.clear()

    def fails(self, name: str) -> bool:
        self.passed += 1
        self.names.append(name)
        return self.passed == self.at


class FakeArchiveStore:
    """`durable_objects.archive.ArchiveStore` in memory."""

    def __init__(self, faults: Faults) -> None:
        self.objects: dict[str, bytes] = {}
        self.faults = faults

    async def write(self, key: str, chunks: Iterator[bytes], content_type: str) -> None:
        del content_type

        async def put() -> None:
            whole = b"".join(chunks)
            if self.faults.passed == self.faults.at and self.faults.manner in ("half", "wrong"):
                self.objects[key] = (
                    whole[: len(whole) // 2] if self.faults.manner == "half" else whole[:-9] + whole[-8:]
                )
                if self.faults.manner == "half":
                    raise Unavailable(reason="the bucket went away in the middle")
            else:
                self.objects[key] = whole

        await self.faults.through(f"write {key[-13:]}", put)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        async def get() -> bytes:
            if key not in self.objects:
                raise Unavailable(reason="not there")
            found = self.objects[key]
            misread = self.faults.passed == self.faults.at and self.faults.manner == "wrong"
            return found[:40] + bytes([found[40] ^ 1]) + found[41:] if misread else found

        found = await self.faults.through(f"read {key[-13:]}", get)
        for at in range(0, len(found), 50):
            yield found[at : at + 50]

    async def remove_all(self, prefix: str, but: Collection[str] = ()) -> None:
        async def remove() -> None:
            for key in [key for key in self.objects if key.startswith(prefix) and key not in but]:
                del self.objects[key]
                await self.faults.through("one of several removed", _nothing)

        await self.faults.through("remove", remove)


async def _nothing() -> None:
    pass


class FaultyDatabase(FakeDatabase):
    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    async def rows(self, statement: str, *parameters: SqlValue) -> list[Row]:
        rows = super().rows
        return await self._faults.through(f"d1 {statement.split(maxsplit=1)[0]}", lambda: rows(statement, *parameters))

    async def batch(self, statements: Sequence[Statement]) -> list[list[Row]]:
        batch = super().batch
        return await self._faults.through("d1 batch", lambda: batch(statements))


class Site(FakeControllers):
    """The house's group under Ada, as the Orchestrator knows it."""

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self.answer = RosterSet(covered=True).model_dump_json()
        self.faults = faults or Faults()
        self.office = Office(FaultyDatabase(self.faults), self)
        self.store = FakeArchiveStore(self.faults)
        self.office.archives = self.store.objects
        self.house = House((ADA, BEN))
        self.house.now_ms = self.office.now_ms
        self._tokens = Tokens(ES256)
        self.house.call(self.opening())

    def opening(self) -> OpenSession:
        controller_id = self.controller_id(GROUP)
        claims = {
            "iss": ORCHESTRATOR,
            "sub": controller_id,
            "aud": ["agents", "orchestrator"],
            "gid": GROUP,
            "sep": EPOCH,
            "agents": [],
            "scope": "group",
            "cnf": {"jwk": KEY.public.model_dump()},
            "iat": NOW_S,
            "exp": NOW_S + SESSION.life_s,
            "jti": self.office.jti(),
        }
        return OpenSession(
            controller_id=controller_id,
            session_epoch=EPOCH,
            private_key=KEY,
            certificate=Credential(SESSION, claims, ISSUER_KEY).token(),
            certificate_expires_s=NOW_S + SESSION.life_s,
            roster=roster((ADA, BEN), version=1),
        )

    # ── the group's object ──────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, group_id: str, call: ControllerCall) -> str:
        """As `GroupController.answer` and `ObjectControllers.ask` together."""
        del group_id
        return await self.faults.through(f"rpc {type(call).__name__}", lambda: self._ask(call))

    async def _ask(self, call: ControllerCall) -> str:
        needed = log_needed(call)
        if needed is not None:
            await Reloader(self.house.group.room, self.store).load(needed)
        answer = self.house.call(call)
        if isinstance(call, Archive | DeleteGroup | ErasePerson):
            await self.settle()
        return answer

    async def renew(self) -> None:
        await self._sessions().fresh()

    def _sessions(self) -> Sessions:
        return Sessions(self.house.group.room, self, ORIGIN, self._tokens, self.office.jti)

    async def settle(self) -> None:
        sessions = self._sessions()
        archiver = Archiver(self.house.group, sessions, self.store, self._tokens, self.office.jti, self.house.new_key)
        self.house.perform(await archiver.finish())

    async def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """The `Peer` port: the Orchestrator."""
        media = {"Content-Type": "application/json", **headers}

        async def send() -> Reply:
            response = await self.office.client.request(method, target, content=body, headers=media)
            return Reply(response.status_code, response.content)

        return await self.faults.through(f"peer {target}", send)

    async def ring(self) -> None:
        """The alarm, a while later."""
        self.wait(A_WHILE_MS)
        if SettleLife() in self.house.happen(Rang()):
            try:
                await self.settle()
            except ParleyError:
                return

    def wait(self, ms: int) -> None:
        self.house.now_ms += ms
        self.office.now_ms += ms

    def crash(self) -> None:
        """The process dies and another takes over; sockets and memory are gone."""
        self.house.sockets.open.clear()
        self.house.effects.clear()
        self.house.wake()

    def lose_log(self) -> None:
        self.house.sql.close()
        self.house.sql = type(self.house.sql)()
        self.crash()

    def has_alarm(self) -> bool:
        """Whether the group has asked to be rung since effects were last cleared."""
        return any(isinstance(effect, RingAt) for effect in self.house.effects)

    # ── the app, and what it finds ──────────────────────────────────────────────────────────────────────────────────

    async def asks(self, verb: str, reason: str = "over") -> Response:
        """What the App sends when Ada wants this."""
        target = f"/infra/groups/{GROUP}/{verb}"
        body = json.dumps({"user_id": ADA, "reason": reason}).encode()
        signer = Signer(self._tokens, APP_KEY, "app", "orchestrator", ORIGIN)
        now_s, jti = self.office.now_ms // 1000, self.office.jti()
        return await self.office.post(target, body, signer.headers("POST", target, body, now_s=now_s, jti=jti))

    async def row(self) -> Row:
        """The group in the directory, past all faults."""
        return (await FakeDatabase.rows(self.office.database, "SELECT * FROM groups WHERE id = ?", GROUP))[0]

    def verified(self, key: str) -> Verified:
        manifest = json.loads(self.store.objects[key.removesuffix(".ndjson.gz") + ".manifest.json"])
        return verify_archive(manifest, self.store.objects[key], PUBLISHED.model_dump(), self._tokens)
