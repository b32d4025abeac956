import gzip
import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from durable_objects.archive import Manifest, Part
from shared.keys import PrivateKey, PublishedKey, b64url
from shared.tokens import ARCHIVE, ORCHESTRATOR, SESSION, ArchiveClaims, Confirmation, SessionClaims, Tokens
from tests.clients import wire
from tools.es256 import HostEs256, new_private_key
from tools.verify import ArchiveInvalid, chain_head, verify_archive

TOKENS = Tokens(HostEs256())
NOW_S = 1_790_000_000
GROUP = "grp_1"
JTI = "j" * 22


@dataclass(frozen=True)
class Written:
    """An archive, and the keys that vouch for it."""

    lines: tuple[bytes, ...]
    root: PrivateKey
    session: PrivateKey
    controller_id: str = "gc_1"
    group_id: str = GROUP

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

    def packed(self) -> bytes:
        return gzip.compress(b"".join(line + b"\n" for line in self.lines))

    def manifest(self) -> dict[str, Any]:
        unsigned = Manifest(
            org_id="org_1",
            group_id=self.group_id,
            title="Küche “am Hafen”\n",
            epoch=wire.EPOCH,
            first_seq=1,
            last_seq=len(self.lines),
            count=len(self.lines),
            head=chain_head(self.lines),
            parts=(Part(key="k", size_bytes=len(self.packed()), sha256=hashlib.sha256(self.packed()).hexdigest()),),
            members=(wire.ADA,),
            agents=(wire.SCRIBE,),
            reason="done",
            created_at="2026-11-23T09:30:00.000Z",
            certificate=self.certificate(),
        )
        claims = ArchiveClaims(
            iss=self.controller_id,
            sub=self.group_id,
            iat=NOW_S,
            exp=NOW_S + 60,
            jti=JTI,
            aud="archive",
            gid=self.group_id,
            man=b64url(hashlib.sha256(unsigned.unsigned_text().encode()).digest()),
        )
        signed = unsigned.model_copy(update={"signature": TOKENS.issue(ARCHIVE, claims, self.session)})
        manifest: dict[str, Any] = json.loads(signed.model_dump_json(exclude_none=True))
        return manifest

    def jwks(self) -> dict[str, Any]:
        return {"keys": [PublishedKey.of(self.root.public).model_dump()]}


@pytest.fixture(scope="module")
def written() -> Written:
    lines = tuple(wire.event(seq).encode() for seq in range(1, 6))
    return Written(lines, root=new_private_key(), session=new_private_key())


def test_an_archive_as_the_group_writes_it_holds(written: Written) -> None:
    verified = verify_archive(written.manifest(), written.packed(), written.jwks(), TOKENS)
    assert verified.lines == written.lines
    assert verified.controller_id == "gc_1"
    assert verified.kid == written.root.thumbprint


def test_a_damaged_download_is_found_by_its_digest(written: Written) -> None:
    damaged = bytearray(written.packed())
    damaged[20] ^= 1
    with pytest.raises(ArchiveInvalid, match="is not what the manifest says"):
        verify_archive(written.manifest(), bytes(damaged), written.jwks(), TOKENS)


@pytest.mark.parametrize("packed", [b"", b"x"])
def test_a_download_of_another_length_is_found(written: Written, packed: bytes) -> None:
    with pytest.raises(ArchiveInvalid):
        verify_archive(
            written.manifest(),
            written.packed()[:-1] if not packed else written.packed() + packed,
            written.jwks(),
            TOKENS,
        )


def test_a_rewritten_log_with_fresh_hashes_is_found_by_its_signature(written: Written) -> None:
    forged = replace(written, lines=(written.lines[0].replace(b"message", b"massage"), *written.lines[1:]))
    manifest = forged.manifest() | {"signature": written.manifest()["signature"]}
    with pytest.raises(ArchiveInvalid, match="changed after it was signed"):
        verify_archive(manifest, forged.packed(), written.jwks(), TOKENS)


def test_a_missing_event_is_found_even_when_it_was_signed(written: Written) -> None:
    holed = replace(written, lines=(*written.lines[:2], *written.lines[3:]))
    with pytest.raises(ArchiveInvalid, match="without a gap"):
        verify_archive(holed.manifest(), holed.packed(), holed.jwks(), TOKENS)


@pytest.mark.parametrize("member", ["title", "reason", "members", "created_at"])
def test_every_member_of_the_manifest_is_signed(written: Written, member: str) -> None:
    with pytest.raises(ArchiveInvalid, match="changed after it was signed"):
        verify_archive(written.manifest() | {member: "another"}, written.packed(), written.jwks(), TOKENS)


def test_a_certificate_under_an_unpublished_key_vouches_for_nothing(written: Written) -> None:
    stranger = replace(written, root=new_private_key())
    with pytest.raises(ArchiveInvalid, match="unknown kid"):
        verify_archive(stranger.manifest(), stranger.packed(), written.jwks(), TOKENS)


def test_a_manifest_under_a_key_that_is_not_certified_is_found(written: Written) -> None:
    thief = replace(written, session=new_private_key())
    manifest = thief.manifest() | {"certificate": written.manifest()["certificate"]}
    with pytest.raises(ArchiveInvalid, match="signature"):
        verify_archive(manifest, thief.packed(), written.jwks(), TOKENS)


@pytest.mark.parametrize("change", [{"controller_id": "gc_2"}, {"group_id": "grp_2"}])
def test_a_certificate_of_another_group_or_controller_is_found(written: Written, change: dict[str, str]) -> None:
    other = replace(written, **change)  # type: ignore[arg-type]
    with pytest.raises(ArchiveInvalid, match="another"):
        verify_archive(other.manifest(), other.packed(), other.jwks(), TOKENS)
