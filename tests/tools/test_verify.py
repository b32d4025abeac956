from dataclasses import replace

import pytest

from durable_objects.sealing import sealed
from tests.clients import wire
from tests.tools.archives import TOKENS, Written, pack, seal_key
from tools.es256 import new_private_key
from tools.verify import ArchiveInvalid, verify_archive


@pytest.fixture(scope="module")
def written() -> Written:
    lines = tuple(wire.event(seq).encode() for seq in range(1, 6))
    return Written(lines, root=new_private_key(), session=new_private_key())


def test_an_archive_as_the_group_writes_it_holds(written: Written) -> None:
    verified = verify_archive(written.manifest, written.packed, written.jwks(), TOKENS)
    assert verified.lines == written.lines
    assert verified.controller_id == "gc_1"
    assert verified.kid == written.root.thumbprint


def test_a_download_that_was_packed_anew_is_found_by_its_digest(written: Written) -> None:
    stored = bytearray(written.packed)
    stored[8] ^= 1  # a byte of gzip's own header, which changes nothing of the text
    with pytest.raises(ArchiveInvalid, match="is not what the manifest says"):
        verify_archive(written.manifest, bytes(stored), written.jwks(), TOKENS)


def test_a_damaged_download_is_found(written: Written) -> None:
    damaged = bytearray(written.packed)
    damaged[20] ^= 1
    with pytest.raises(ArchiveInvalid):
        verify_archive(written.manifest, bytes(damaged), written.jwks(), TOKENS)


def test_words_that_are_taken_out_leave_the_chain_and_change_the_file(written: Written) -> None:
    """Erasing is for the group to do, which signs the file anew; nobody else does it unnoticed."""
    erased = sealed(written.lines[2].decode(), lambda subject: bytes.fromhex(seal_key(subject))).encode()
    lines = (*written.lines[:2], erased, *written.lines[3:])
    assert b"message 3" not in erased
    with pytest.raises(ArchiveInvalid, match="is not what the manifest says"):
        verify_archive(written.manifest, pack(lines), written.jwks(), TOKENS)
    signed_anew = replace(written, lines=lines)
    assert signed_anew.manifest["head"] == written.manifest["head"]
    assert verify_archive(signed_anew.manifest, signed_anew.packed, written.jwks(), TOKENS).erased == (3,)


@pytest.mark.parametrize("packed", [b"", b"x"])
def test_a_download_of_another_length_is_found(written: Written, packed: bytes) -> None:
    with pytest.raises(ArchiveInvalid):
        verify_archive(
            written.manifest,
            written.packed[:-1] if not packed else written.packed + packed,
            written.jwks(),
            TOKENS,
        )


def test_a_rewritten_log_with_fresh_hashes_is_found_by_its_signature(written: Written) -> None:
    forged = replace(written, lines=(written.lines[0].replace(b"message", b"massage"), *written.lines[1:]))
    manifest = forged.manifest | {"signature": written.manifest["signature"]}
    with pytest.raises(ArchiveInvalid, match="changed after it was signed"):
        verify_archive(manifest, forged.packed, written.jwks(), TOKENS)


def test_a_missing_event_is_found_even_when_it_was_signed(written: Written) -> None:
    holed = replace(written, lines=(*written.lines[:2], *written.lines[3:]))
    with pytest.raises(ArchiveInvalid, match="first at seq 3"):
        verify_archive(holed.manifest, holed.packed, holed.jwks(), TOKENS)


@pytest.mark.parametrize("member", ["title", "reason", "members", "created_at"])
def test_every_member_of_the_manifest_is_signed(written: Written, member: str) -> None:
    with pytest.raises(ArchiveInvalid, match="changed after it was signed"):
        verify_archive(written.manifest | {member: "another"}, written.packed, written.jwks(), TOKENS)


def test_a_certificate_under_an_unpublished_key_vouches_for_nothing(written: Written) -> None:
    stranger = replace(written, root=new_private_key())
    with pytest.raises(ArchiveInvalid, match="unknown kid"):
        verify_archive(stranger.manifest, stranger.packed, written.jwks(), TOKENS)


def test_a_manifest_under_a_key_that_is_not_certified_is_found(written: Written) -> None:
    thief = replace(written, session=new_private_key())
    manifest = thief.manifest | {"certificate": written.manifest["certificate"]}
    with pytest.raises(ArchiveInvalid, match="signature"):
        verify_archive(manifest, thief.packed, written.jwks(), TOKENS)


@pytest.mark.parametrize("change", [{"controller_id": "gc_2"}, {"group_id": "grp_2"}])
def test_a_certificate_of_another_group_or_controller_is_found(written: Written, change: dict[str, str]) -> None:
    other = replace(written, **change)  # type: ignore[arg-type]
    with pytest.raises(ArchiveInvalid, match="another"):
        verify_archive(other.manifest, other.packed, other.jwks(), TOKENS)
