"""A group's log as one object that anybody can check.

Law: the archive is the stored events as they are, one a line, and a manifest that commits to them: a hash chain
h_n = SHA-256(h_{n-1} ‖ event_n) from 32 zero bytes, and the digest of what lies in the bucket. It counts only once it
was read back and found whole. Bytes pass in bounded memory.
"""

import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from durable_objects.journal import Journal
from durable_objects.room import Room
from shared.clock import rfc3339, seconds
from shared.errors import Unavailable
from shared.keys import b64url
from shared.protocol import Agent, Member
from shared.tokens import ARCHIVE, ArchiveClaims, Tokens

FORMAT: Final = "parley-archive/1"
PAGE_EVENTS: Final = 500
_GZIP: Final = 16 + zlib.MAX_WBITS


class ArchiveStore(Protocol):
    """The bucket."""

    async def write(self, key: str, chunks: Iterator[bytes], content_type: str) -> None:
        """Stores all chunks as one object, replacing what was there. Raises Unavailable."""
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes in chunks. Raises Unavailable when it is not there."""
        ...


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    size_bytes: int
    sha256: str


class Manifest(BaseModel):
    """What an archive holds. `head` is the chain's last hash; `signature` is made with the key of `certificate`."""

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
    parts: tuple[Part, ...]
    members: tuple[Member, ...]
    agents: tuple[Agent, ...]
    reason: str
    created_at: str
    certificate: str
    signature: str | None = None

    def unsigned_text(self) -> str:
        """What the signature commits to: the manifest without it, as it is written."""
        return self.model_copy(update={"signature": None}).model_dump_json(exclude_none=True)


@dataclass
class Chain:
    """The running hash over events."""

    hash: bytes = bytes(32)
    count: int = 0

    def add(self, line: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + line).digest()
        self.count += 1


class Packed:
    """The gzip bytes of a log, made as they are taken; afterwards it knows their size, digest and chain."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.chain = Chain()
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        for page in self._journal.pages(0, PAGE_EVENTS):
            lines = [body.encode() for body in page]
            for line in lines:
                self.chain.add(line)
            if chunk := packer.compress(b"\n".join(lines) + b"\n"):
                yield self._count(chunk)
        yield self._count(packer.flush())

    def _count(self, chunk: bytes) -> bytes:
        self.digest.update(chunk)
        self.size_bytes += len(chunk)
        return chunk


async def verify(chunks: AsyncIterator[bytes]) -> tuple[Chain, str, int]:
    """Reads an archive back: its chain, the SHA-256 of its bytes in hex, their number. Raises zlib.error on damage."""
    unpacker = zlib.decompressobj(_GZIP)
    chain, digest, size = Chain(), hashlib.sha256(), 0
    rest = b""
    async for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        *lines, rest = (rest + unpacker.decompress(chunk)).split(b"\n")
        for line in lines:
            chain.add(line)
    if rest or not unpacker.eof:
        raise zlib.error("the archive ends in the middle")
    return chain, digest.hexdigest(), size


def archive_key(room: Room) -> str:
    """Where a group's archive lies: one place for each epoch, so that a retry overwrites its own attempt."""
    roster = room.known()
    return f"archives/{roster.org_id}/{roster.group_id}/{room.epoch}.ndjson.gz"


def manifest_key(events_key: str) -> str:
    return events_key.removesuffix(".ndjson.gz") + ".manifest.json"


async def write_archive(
    room: Room, store: ArchiveStore, tokens: Tokens, reason: str, new_jti: Callable[[], str]
) -> str:
    """Writes log and manifest, reads the log back and compares. The key of the log. Raises Unavailable."""
    key = archive_key(room)
    packed = Packed(room.journal)
    await store.write(key, iter(packed), "application/gzip")
    await _read_back(store, key, packed)
    session = room.session()
    roster, now_ms = room.known(), room.clock()
    manifest = Manifest(
        org_id=roster.org_id,
        group_id=roster.group_id,
        title=roster.title,
        epoch=room.epoch,
        first_seq=1,
        last_seq=room.head,
        count=packed.chain.count,
        head=packed.chain.hash.hex(),
        parts=(Part(key=key, size_bytes=packed.size_bytes, sha256=packed.digest.hexdigest()),),
        members=roster.members,
        agents=room.agent_list(),
        reason=reason,
        created_at=rfc3339(now_ms),
        certificate=session.certificate,
    )
    claims = ArchiveClaims(
        iss=session.controller_id,
        sub=roster.group_id,
        aud="archive",
        gid=roster.group_id,
        man=b64url(hashlib.sha256(manifest.unsigned_text().encode()).digest()),
        iat=seconds(now_ms),
        exp=seconds(now_ms) + ARCHIVE.life_s,
        jti=new_jti(),
    )
    signed = manifest.model_copy(update={"signature": tokens.issue(ARCHIVE, claims, session.key)})
    await store.write(manifest_key(key), iter([signed.model_dump_json(exclude_none=True).encode()]), "application/json")
    return key


async def _read_back(store: ArchiveStore, key: str, packed: Packed) -> None:
    try:
        chain, digest, size = await verify(store.read(key))
    except zlib.error as exc:
        raise Unavailable(reason="the archive could not be read back whole") from exc
    if (chain, digest, size) != (packed.chain, packed.digest.hexdigest(), packed.size_bytes):
        raise Unavailable(reason="the archive that was read back is not the one that was written")
