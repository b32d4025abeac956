"""What a group has signed does not hold for that: every sentence of a manifest is computed again."""

import gzip
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.protocol import GroupRestored
from tests.clients import wire
from tests.tools.archives import TOKENS, Written, pack
from tools.es256 import new_private_key
from tools.verify import ArchiveInvalid, Verified, verify_archive

COUNT = 5
LINES = tuple(wire.event(seq).encode() for seq in range(1, COUNT + 1))
WRITTEN = Written(LINES, root=new_private_key(), session=new_private_key())
HEAD = str(WRITTEN.manifest["head"])
SHORT = HEAD[:16]
MALFORMED = "lacks members or has malformed ones"


def verify(packed: bytes | None = None, jwks: Any = None, **changes: object) -> Verified:  # noqa: ANN401 -- JSON
    keys = WRITTEN.jwks() if jwks is None else jwks
    return verify_archive(WRITTEN.manifest_with(**changes), packed or WRITTEN.packed, keys, TOKENS)


def refused(what: str, seqs: range | None = None, **given: Any) -> None:  # noqa: ANN401 -- as `verify` takes them
    with pytest.raises(ArchiveInvalid, match=what) as caught:
        verify(**given)
    assert caught.value.seqs == seqs


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"format": "parley-archive/2"}, "format is not"),
        ({"first_seq": 2}, "counts wrong"),
        ({"last_seq": COUNT + 1}, "counts wrong"),
        ({"count": COUNT + 1}, "counts wrong"),
        ({"checkpoints": {"every": 9, "values": [SHORT]}}, "checkpoints do not fit"),
        ({"count": "many"}, MALFORMED),
        ({"checkpoints": {"every": 0, "values": []}}, MALFORMED),
        ({"checkpoints": {"every": 1}}, MALFORMED),
        ({"parts": [{"key": "k"}]}, MALFORMED),
        ({"seals": []}, MALFORMED),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_manifest_that_is_not_one_is_found(changes: dict[str, Any], what: str) -> None:
    refused(what, **changes)


@pytest.mark.parametrize(("every", "values"), [(9, []), (COUNT, [SHORT])])
def test_checkpoints_may_be_few(every: int, values: list[str]) -> None:
    assert verify(checkpoints={"every": every, "values": values}).head == HEAD


@pytest.mark.parametrize(
    ("changes", "what", "seqs"),
    [
        ({"head": "0" * 64, "checkpoints": {"every": 9, "values": []}}, "ends elsewhere", range(1, 6)),
        ({"head": "0" * 64}, "ends elsewhere", None),
        ({"checkpoints": {"every": COUNT, "values": ["0" * 16]}}, "went another way", range(1, 6)),
        ({"checkpoints": {"every": COUNT, "values": [HEAD[:15]]}}, "went another way", range(1, 6)),
        ({"seals": {}}, "not sealed by any key", range(1, 2)),
        ({"seals": {"usr_ada": "no hex"}}, "not sealed by any key", range(1, 2)),
        ({"epoch": "epo_2"}, "belongs there", range(5, 6)),
        ({"count": 4, "last_seq": 4, "checkpoints": {"every": 9, "values": []}}, "ends elsewhere", range(1, 5)),
        ({"count": 6, "last_seq": 6, "checkpoints": {"every": 9, "values": []}}, "belongs there", range(6, 7)),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_manifest_of_another_log_is_found_and_where_it_differs(
    changes: dict[str, Any], what: str, seqs: range | None
) -> None:
    refused(what, seqs, **changes)


def part(packed: bytes, size: int) -> dict[str, object]:
    return {"key": "k", "size_bytes": size, "sha256": hashlib.sha256(packed[:size]).hexdigest()}


def test_a_download_has_its_parts_and_nothing_behind_them() -> None:
    packed = WRITTEN.packed
    half = len(packed) // 2
    whole = [part(packed, half), {**part(packed[half:], len(packed) - half), "key": "l"}]
    assert verify(parts=whole).head == HEAD
    refused("longer than its parts", parts=[part(packed, len(packed) - 1)])
    refused("longer than its parts", parts=[])


TEXT = b"".join(line + b"\n" for line in LINES)


@pytest.mark.parametrize(
    ("packed", "what"),
    [
        (b"no gzip at all", "is not gzip"),
        (gzip.compress(TEXT)[:-9], "ends in the middle"),
        (gzip.compress(TEXT) + b"more", "ends in the middle"),
        (gzip.compress(TEXT.removesuffix(b"\n")), "ends in the middle"),
    ],
    ids=["no gzip", "cut", "longer", "without its last line break"],
)
def test_a_file_that_is_not_whole_is_found(packed: bytes, what: str) -> None:
    refused(what, packed=packed)


def without(member: str) -> bytes:
    event = json.loads(LINES[2])
    del event[member]
    return json.dumps(event, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize(
    "line",
    [
        *(without(member) for member in ("actor", "data", "epoch", "seq", "type")),
        LINES[2].replace(b":", b": ", 1),
        LINES[2].replace(b'"seq":3', b'"seq":3.0'),
        LINES[2].replace(b'"seq":3', b'"seq":NaN'),
        LINES[3],
        b"[3]",
        b'"x"',
        b"null",
        b"{",
        b"",
        b"\xff",
        b"[" * 100_000,
    ],
    ids=lambda line: str(line[:24]),
)
def test_a_line_that_is_no_event_is_named(line: bytes) -> None:
    refused("damaged", range(3, 4), packed=pack((*LINES[:2], line, *LINES[3:])))


def restored(epoch: str, kind: bool) -> Written:
    """A log that goes on in another epoch, by a restoration or just so."""
    data = GroupRestored(reason="again") if kind else None
    lines = (*LINES[:4], wire.event(5, data, epoch="epo_2").encode())
    return replace(WRITTEN, lines=lines, epoch=epoch)


def test_an_epoch_begins_with_a_restoration_and_with_nothing_else() -> None:
    good = restored("epo_2", kind=True)
    assert verify_archive(good.manifest, good.packed, good.jwks(), TOKENS).head == good.manifest["head"]
    for bad in (restored("epo_2", kind=False), restored(wire.EPOCH, kind=True)):
        with pytest.raises(ArchiveInvalid, match="first at seq 5"):
            verify_archive(bad.manifest, bad.packed, bad.jwks(), TOKENS)


@pytest.mark.parametrize("jwks", [{}, {"keys": 5}, {"keys": [{}]}, {"keys": ["x"]}], ids=str)
def test_keys_that_are_none_vouch_for_nobody(jwks: dict[str, object]) -> None:
    refused("published keys cannot be read", jwks=jwks)


def test_what_is_not_known_to_be_one_event_is_told_as_a_stretch() -> None:
    assert "between seq 1 and 5" in str(ArchiveInvalid("x", range(1, 6)))
    assert "at seq 5" in str(ArchiveInvalid("x", range(5, 6)))
