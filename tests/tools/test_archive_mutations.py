"""Whatever happens to an archive is found, and the first event that is not as it was is named."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from shared.protocol import (
    EventData,
    GroupArchivedData,
    GroupRestored,
    GroupUpdated,
    MemberJoined,
    MessageCreated,
    MessageEdited,
    ReactionChanged,
)
from tests.clients import wire
from tests.tools.archives import TOKENS, Written, pack
from tools.es256 import new_private_key
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.verify import ArchiveInvalid, canonical, verify_archive

ROOT = Path(__file__).resolve().parent.parent.parent
EACH = 150
LENGTH = 60
Lines = tuple[bytes, ...]
Mutation = Callable[[Random, Lines], tuple[Lines, int]]
"""The changed log, and the first seq that is not what it was."""


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 -- the same changes each time


def log(salt: str, length: int = LENGTH) -> Lines:
    kinds: list[Callable[[int], EventData]] = [
        lambda n: MessageCreated(text=f'{salt} {n} “Fisch” \t"\\\u2028 👋🏽', client_msg_id=f"m{n}"),
        lambda n: MessageEdited(target=1, text=f"{salt} {n}, ändern"),
        lambda n: ReactionChanged(emoji="👍", on=n % 3 == 0, target=1),
        lambda n: MemberJoined(member=wire.BEN.model_copy(update={"name": f"Ben {n}"})),
        lambda n: GroupUpdated(title=f"{salt} {n}"),
    ]
    half = length // 2
    first = [kinds[n % len(kinds)](n) for n in range(1, half)]
    second = [kinds[n % len(kinds)](n) for n in range(half + 2, length)]
    turn: list[EventData] = [GroupArchivedData(reason=salt), GroupRestored(reason=f"{salt} again")]
    data: list[EventData] = [*first, *turn, *second, GroupArchivedData(reason="over")]
    return tuple(
        wire.event(seq, one, epoch="epo_1" if seq <= half else "epo_2").encode() for seq, one in enumerate(data, 1)
    )


WRITTEN = Written(log("ours"), new_private_key(), new_private_key(), epoch="epo_2")
THEIRS = replace(WRITTEN, lines=log("theirs"))


def edit(random: Random, lines: Lines) -> tuple[Lines, int]:
    """Another value somewhere in an event, in good form."""
    at = random.randrange(len(lines))
    event = json.loads(lines[at])
    holder, name = random.choice(list(_values(event)))
    value = holder[name]
    holder[name] = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value + "x"
    return (*lines[:at], canonical(event), *lines[at + 1 :]), at + 1


def _values(value: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    found = []
    for name, inner in value.items():
        if isinstance(inner, dict):
            found += _values(inner)
        elif not isinstance(inner, list):
            found.append((value, name))
    return found


def garble(random: Random, lines: Lines) -> tuple[Lines, int]:
    at = random.randrange(len(lines))
    line = bytearray(lines[at])
    place = random.randrange(len(line))
    line[place] = random.choice([byte for byte in range(256) if byte not in (10, line[place])])
    return (*lines[:at], bytes(line), *lines[at + 1 :]), at + 1


def respace(random: Random, lines: Lines) -> tuple[Lines, int]:
    """The same event, written otherwise."""
    at = random.randrange(len(lines))
    event = json.loads(lines[at])
    written = random.choice([json.dumps(event, ensure_ascii=False), json.dumps(event), lines[at].decode() + " "])
    return (*lines[:at], written.encode(), *lines[at + 1 :]), at + 1


def drop(random: Random, lines: Lines) -> tuple[Lines, int]:
    at = random.randrange(len(lines))
    return lines[:at] + lines[at + 1 :], at + 1


def swap(random: Random, lines: Lines) -> tuple[Lines, int]:
    first, second = sorted(random.sample(range(len(lines)), 2))
    changed = list(lines)
    changed[first], changed[second] = changed[second], changed[first]
    return tuple(changed), first + 1


def duplicate(random: Random, lines: Lines) -> tuple[Lines, int]:
    at = random.randrange(len(lines))
    return (*lines[: at + 1], lines[at], *lines[at + 1 :]), at + 2


def truncate(random: Random, lines: Lines) -> tuple[Lines, int]:
    at = random.randrange(1, len(lines))
    return lines[:at], at + 1


def mix(random: Random, lines: Lines) -> tuple[Lines, int]:
    """From some event on the log of another group."""
    at = random.choice([at for at in range(len(lines)) if lines[at] != THEIRS.lines[at]])
    return lines[:at] + THEIRS.lines[at:], at + 1


MUTATIONS: tuple[Mutation, ...] = (edit, garble, respace, drop, swap, duplicate, truncate, mix)


def test_the_archive_they_start_from_is_whole() -> None:
    verify_archive(WRITTEN.manifest, WRITTEN.packed, WRITTEN.jwks(), TOKENS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_change_is_found_and_the_first_bad_event_named(mutation: Mutation) -> None:
    for seed in range(EACH):
        lines, seq = mutation(seeded(seed), WRITTEN.lines)
        with pytest.raises(ArchiveInvalid) as found:
            verify_archive(WRITTEN.manifest, pack(lines), WRITTEN.jwks(), TOKENS)
        assert found.value.seqs == range(seq, seq + 1), f"seed {seed}: {found.value}"


@pytest.mark.parametrize("length", range(1, LENGTH, 7))
def test_an_older_manifest_does_not_pass_for_a_later_log(length: int) -> None:
    epoch = json.loads(WRITTEN.lines[length - 1])["epoch"]
    older = replace(WRITTEN, lines=WRITTEN.lines[:length], epoch=epoch)
    verify_archive(older.manifest, older.packed, older.jwks(), TOKENS)
    with pytest.raises(ArchiveInvalid) as found:
        verify_archive(older.manifest, WRITTEN.packed, WRITTEN.jwks(), TOKENS)
    assert found.value.seqs == range(length + 1, length + 2)


@pytest.mark.parametrize("member", sorted(WRITTEN.manifest))
def test_no_member_of_a_manifest_can_be_taken_from_another(member: str) -> None:
    other = replace(THEIRS, session=new_private_key(), group_id="grp_2", epoch="epo_9").manifest | {"reason": "x"}
    mixed = WRITTEN.manifest | {member: other[member]}
    if mixed != WRITTEN.manifest:
        with pytest.raises(ArchiveInvalid):
            verify_archive(mixed, WRITTEN.packed, WRITTEN.jwks(), TOKENS)


def test_in_a_long_log_the_first_bad_event_is_named_to_within_a_thousandth() -> None:
    written = Written(log("long", 2500), WRITTEN.root, WRITTEN.session, epoch="epo_2")
    assert len(json.dumps(written.manifest["checkpoints"])) < 20_000
    for seed in range(20):
        lines, seq = edit(seeded(seed), written.lines)
        with pytest.raises(ArchiveInvalid) as found:
            verify_archive(written.manifest, pack(lines), written.jwks(), TOKENS)
        assert found.value.seqs is not None
        assert seq in found.value.seqs
        assert len(found.value.seqs) <= 3


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_another_verifier_in_another_language_finds_it_too(mutation: Mutation, tmp_path: Path) -> None:
    assert node_says(tmp_path, WRITTEN.packed) == (True, f"whole: {LENGTH} events")
    for seed in range(3):
        lines, _ = mutation(seeded(seed), WRITTEN.lines)
        assert node_says(tmp_path, pack(lines)) == (False, "not whole:")


def test_another_verifier_follows_every_signature(tmp_path: Path) -> None:
    stranger = replace(WRITTEN, root=new_private_key())
    assert not node_says(tmp_path, WRITTEN.packed, stranger.manifest)[0]
    assert not node_says(tmp_path, WRITTEN.packed, WRITTEN.manifest | {"title": "x"})[0]
    thief = replace(WRITTEN, session=new_private_key())
    certificate = WRITTEN.manifest["certificate"]
    assert not node_says(tmp_path, WRITTEN.packed, thief.manifest | {"certificate": certificate})[0]


def node_says(folder: Path, packed: bytes, manifest: dict[str, Any] = WRITTEN.manifest) -> tuple[bool, str]:
    files = [folder / name for name in ("archive.ndjson.gz", "manifest.json", "jwks.json")]
    contents = (packed, json.dumps(manifest).encode(), json.dumps(WRITTEN.jwks()).encode())
    for path, content in zip(files, contents, strict=True):
        path.write_bytes(content)
    node = str(node_of(Layout(ROOT)).node)
    done = subprocess.run(  # noqa: S603 -- our own script
        [node, str(ROOT / "examples" / "verify_archive.mjs"), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, " ".join(done.stdout.split()[:3]) if done.returncode == 0 else done.stdout[:10]
