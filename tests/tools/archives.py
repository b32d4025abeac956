"""Archives as a group writes them, with keys of the test's own."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from durable_objects.archive import Checkpoints, Manifest, Part
from durable_objects.sealing import Chain, sealed
from shared.keys import PrivateKey, PublishedKey, b64url
from shared.tokens import ARCHIVE, ORCHESTRATOR, SESSION, ArchiveClaims, Confirmation, SessionClaims, Tokens
from tests.clients import wire
from tools.es256 import HostEs256

TOKENS = Tokens(HostEs256())
NOW_S = 1_790_000_000
GROUP = "grp_1"
JTI = "j" * 22


def seal_key(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()


@dataclass(frozen=True)
class Written:
    """An archive, and the keys that vouch for it."""

    lines: tuple[bytes, ...]
    root: PrivateKey
    session: PrivateKey
    controller_id: str = "gc_1"
    group_id: str = GROUP
    epoch: str = wire.EPOCH

    def certificate(self) -> str:
        claims = SessionClaims(
            iss=ORCHESTRATOR,
            sub="gc_1",
            iat=NOW_S - 60,
            exp=NOW_S + 60,
            jti=JTI,
            aud=["agents", "orchestrator"],
            gid=GROUP,
            sep=1,
            agents=[],
            scope="group",
            cnf=Confirmation(jwk=self.session.public),
        )
        return TOKENS.issue(SESSION, claims, self.root)

    @cached_property
    def packed(self) -> bytes:
        return pack(self.lines)

    @cached_property
    def chain(self) -> tuple[Chain, dict[str, str]]:
        chain, seals = Chain(len(self.lines)), dict[str, str]()

        def key_of(subject: str) -> bytes:
            return bytes.fromhex(seals.setdefault(subject, seal_key(subject)))

        for line in self.lines:
            chain.add(sealed(line.decode(), key_of))
        return chain, seals

    @cached_property
    def manifest(self) -> dict[str, Any]:
        chain, seals = self.chain
        unsigned = Manifest(
            org_id="org_1",
            group_id=self.group_id,
            title="Küche “am Hafen”\n",
            epoch=self.epoch,
            first_seq=1,
            last_seq=len(self.lines),
            count=len(self.lines),
            head=chain.head,
            checkpoints=Checkpoints(every=chain.every, values=tuple(chain.checkpoints)),
            parts=(Part(key="k", size_bytes=len(self.packed), sha256=hashlib.sha256(self.packed).hexdigest()),),
            seals=seals,
            members=(wire.ADA,),
            agents=(wire.SCRIBE,),
            reason="done",
            created_at="2026-11-23T09:30:00.000Z",
            certificate=self.certificate(),
        )
        return self._signed(unsigned.unsigned_text())

    def manifest_with(self, **changes: object) -> dict[str, Any]:
        """The manifest with something else in it, which the group has signed all the same."""
        unsigned = {name: value for name, value in self.manifest.items() if name != "signature"} | changes
        return self._signed(json.dumps(unsigned, ensure_ascii=False, separators=(",", ":")))

    def _signed(self, unsigned: str) -> dict[str, Any]:
        claims = ArchiveClaims(
            iss=self.controller_id,
            sub=self.group_id,
            iat=NOW_S,
            exp=NOW_S + 60,
            jti=JTI,
            aud="archive",
            gid=self.group_id,
            man=b64url(hashlib.sha256(unsigned.encode()).digest()),
        )
        return {**json.loads(unsigned), "signature": TOKENS.issue(ARCHIVE, claims, self.session)}

    def jwks(self) -> dict[str, Any]:
        return {"keys": [PublishedKey.of(self.root.public).model_dump()]}


def pack(lines: tuple[bytes, ...]) -> bytes:
    return gzip.compress(b"".join(line + b"\n" for line in lines))
