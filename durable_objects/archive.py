"""A group's log as one object that anybody can check.

Law: the archive is the stored events as they are, one a line, and a manifest that commits to them: the chain of
`sealing`, and the digest of what lies in the bucket. It counts only once it was read back and found whole. Bytes pass
in bounded memory.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from durable_objects.room import Room
from durable_objects.sealing import Chain, sealed
from shared.clock import rfc3339, seconds
from shared.errors import Unavailable
from shared.keys import b64url
from shared.protocol import Agent, Member
from shared.tokens import ARCHIVE, ArchiveClaims, Tokens

FORMAT: Final = "parley-archive/1"
PAGE_EVENTS: Final = 100
_LEVEL: Final = 4
"""Level 6 packs a seventh smaller and takes three times as long (chat texts, zlib of CPython 3.11)."""
PIECE_BYTES: Final = 256 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
_EVENTS_SUFFIX: Final = ".ndjson.gz"


class ArchiveStore(Protocol):
    """The bucket. All methods raise Unavailable."""

    async def write(self, key: str, chunks: Iterator[bytes], content_type: str) -> None:
        """Stores all chunks as one object, replacing what was there: all of it, or nothing that anybody sees."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes in chunks. Raises Unavailable also when it is not there."""
        ...

    async def remove_all(self, prefix: str, but: Collection[str] = ()) -> None:
        """Removes every object whose key begins so, but for these; asking again removes what is left."""
        ...


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    size_bytes: int
    sha256: str


class Checkpoints(BaseModel):
    """The first characters of every `every`-th hash of the chain: they tell where it first went another way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int
    values: tuple[str, ...]


class Manifest(BaseModel):
    """What an archive holds. `head` is the chain's last hash; `signature` is made with the key of `certificate`.

    `seals` are the keys of those who are in the log; whoever was erased has none any more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["parley-archive/1"] = FORMAT
    org_id: str
    group_id: str
    title: str
    epoch: str
    first_seq: int
    last_seq: int
    count: int
    head: str
    checkpoints: Checkpoints
    parts: tuple[Part, ...]
    seals: dict[str, str]
    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    reason: str
    created_at: str
    certificate: str
    signature: str | None = None

    def unsigned_text(self) -> str:
        """What the signature commits to: the manifest without it, as it is written."""
        return self.model_copy(update={"signature": None}).model_dump_json(exclude_none=True)


class Packed:
    """The gzip bytes of a log, made as they are taken; afterwards it knows their size, digests and chain.

    A chunk for each page, and be it empty: whoever takes them may let others have a turn in between.
    """

    def __init__(self, room: Room, new_key: Callable[[], str]) -> None:
        self._journal = room.journal
        self._new_key = new_key
        self.seals: dict[str, bytes] = {}
        self.chain = Chain(room.head)
        self.packed, self.text = _Tally(), _Tally()

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        for page in self._journal.pages(0, PAGE_EVENTS):
            for body in page:
                self.chain.add(sealed(body, self._seal_key))
            yield self.packed.add(packer.compress(self.text.add(("\n".join(page) + "\n").encode())))
        yield self.packed.add(packer.flush())

    def _seal_key(self, subject: str) -> bytes:
        if subject not in self.seals:
            self.seals[subject] = bytes.fromhex(self._journal.seal_key(subject, self._new_key))
        return self.seals[subject]


class _Tally:
    """Length and digest of bytes that went by."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    def add(self, chunk: bytes) -> bytes:
        self._sha256.update(chunk)
        self.size_bytes += len(chunk)
        return chunk

    def sum(self) -> tuple[str, int]:
        return self._sha256.hexdigest(), self.size_bytes


async def unpacked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The text of an archive in bounded pieces. Raises zlib.error on damage, and when it ends too early or too late."""
    unpacker = zlib.decompressobj(_GZIP)
    async for chunk in chunks:
        waiting = chunk
        while waiting:
            yield unpacker.decompress(waiting, PIECE_BYTES)
            waiting = unpacker.unconsumed_tail
        if unpacker.unused_data:
            raise zlib.error("the archive goes on behind its end")
    if not unpacker.eof:
        raise zlib.error("the archive ends in the middle")


@dataclass(frozen=True)
class Written:
    """Where an archive lies, and the last hash of its chain."""

    key: str
    head: str


class ArchiveWriter:
    """Writes archives; `new_key` gives 32 random bytes in hex."""

    def __init__(
        self, store: ArchiveStore, tokens: Tokens, new_jti: Callable[[], str], new_key: Callable[[], str]
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._new_jti = new_jti
        self._new_key = new_key

    async def write(self, room: Room, reason: str, mark: str | None = None) -> Written:
        """Writes log and manifest, reads both back and compares. Raises Unavailable.

        With a `mark` beside the archive that is there, since no moment may be without a whole one.
        """
        key = archive_key(room, mark)
        packed = Packed(room, self._new_key)
        await self._store.write(key, iter(packed), "application/gzip")
        await self._read_back(key, packed)
        manifest = self._signed(room, _manifest(room, key, packed, reason)).model_dump_json(exclude_none=True).encode()
        await self._store.write(manifest_key(key), iter([manifest]), "application/json")
        if b"".join([chunk async for chunk in self._store.read(manifest_key(key))]) != manifest:
            raise Unavailable(reason="the manifest that was read back is not the one that was written")
        return Written(key, packed.chain.head)

    async def _read_back(self, key: str, packed: Packed) -> None:
        found, text = _Tally(), _Tally()

        async def counted() -> AsyncIterator[bytes]:
            async for chunk in self._store.read(key):
                yield found.add(chunk)

        try:
            async for piece in unpacked(counted()):
                text.add(piece)
        except zlib.error as exc:
            raise Unavailable(reason="the archive could not be read back whole") from exc
        if (found.sum(), text.sum()) != (packed.packed.sum(), packed.text.sum()):
            raise Unavailable(reason="the archive that was read back is not the one that was written")

    def _signed(self, room: Room, manifest: Manifest) -> Manifest:
        session, now_s = room.session(), seconds(room.clock())
        certified = manifest.model_copy(update={"certificate": session.certificate})
        claims = ArchiveClaims(
            iss=session.controller_id,
            sub=manifest.group_id,
            aud="archive",
            gid=manifest.group_id,
            man=b64url(hashlib.sha256(certified.unsigned_text().encode()).digest()),
            iat=now_s,
            exp=now_s + ARCHIVE.life_s,
            jti=self._new_jti(),
        )
        return certified.model_copy(update={"signature": self._tokens.issue(ARCHIVE, claims, session.key)})


def _manifest(room: Room, key: str, packed: Packed, reason: str) -> Manifest:
    roster, (sha256, size_bytes) = room.known(), packed.packed.sum()
    return Manifest(
        org_id=roster.org_id,
        group_id=roster.group_id,
        title=roster.title,
        epoch=room.epoch,
        first_seq=1,
        last_seq=room.head,
        count=packed.chain.count,
        head=packed.chain.head,
        checkpoints=Checkpoints(every=packed.chain.every, values=tuple(packed.chain.checkpoints)),
        parts=(Part(key=key, size_bytes=size_bytes, sha256=sha256),),
        seals={subject: seal.hex() for subject, seal in sorted(packed.seals.items())},
        members=roster.members,
        agents=room.agent_list(),
        reason=reason,
        created_at=rfc3339(room.clock()),
        certificate="",
    )


def archives_of(org_id: str, group_id: str) -> str:
    """What the keys of all archives of a group begin with."""
    return f"archives/{org_id}/{group_id}/"


def archive_key(room: Room, mark: str | None = None) -> str:
    """Where a group's archive lies: one place for each epoch and mark, so that a retry overwrites its own attempt."""
    roster = room.known()
    name = room.epoch if mark is None else f"{room.epoch}.{mark}"
    return f"{archives_of(roster.org_id, roster.group_id)}{name}{_EVENTS_SUFFIX}"


def manifest_key(events_key: str) -> str:
    return events_key.removesuffix(_EVENTS_SUFFIX) + ".manifest.json"
