"""`verify`: whether an archive is whole and who vouches for it, by its bytes and public keys alone.

The verifier is the project's own (tools/verify.py of the checkout, or the copy that the installed package carries).
"""

import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from parley.cli.failures import NOT_GENUINE, TRY_AGAIN, CommandFailed
from parley.cli.groups import group_id_of
from parley.client import Parley

_CARRIED: Final = Path(__file__).parent.parent / "verifier"


@dataclass(frozen=True)
class Archive:
    manifest: Mapping[str, Any]
    packed: bytes


@dataclass(frozen=True)
class Genuine:
    """`head` is the end of the hash chain, `key` the published key above the signatures, `erased` how many events have
    lost their words on purpose."""

    group_id: str
    events: int
    erased: int
    head: str
    signed_by: str
    key: str


def archive_of_file(path: Path) -> Archive:
    """A downloaded archive; its manifest lies beside it. Raises CommandFailed."""
    name = path.name.removesuffix(".gz").removesuffix(".ndjson")
    for beside in (path.with_name(name + ".manifest.json"), path.with_name(path.name + ".manifest.json")):
        if beside.exists():
            return Archive(_json(beside.read_text(), str(beside)), path.read_bytes())
    raise CommandFailed(f"Beside {path} there is no {name}.manifest.json; `parley download GROUP` fetches both.")


async def archive_of_group(client: Parley, word: str) -> Archive:
    group_id = await group_id_of(client, word)
    manifest = await client.manifest(group_id)
    return Archive(manifest, b"".join([chunk async for chunk in client.download_archive(group_id)]))


async def keys_at(place: str) -> Mapping[str, Any]:
    """A JWKS from a file or an address. Raises CommandFailed."""
    if not place.startswith(("http://", "https://")):
        return _keys_in(Path(place))
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            answer = await http.get(place)
    except httpx.TransportError as exc:
        raise CommandFailed(f"{place} cannot be reached.", TRY_AGAIN) from exc
    if answer.is_error:
        raise CommandFailed(f"{place} answers {answer.status_code}.", TRY_AGAIN)
    return _json(answer.text, place)


def _keys_in(path: Path) -> Mapping[str, Any]:
    try:
        return _json(path.read_text(), str(path))
    except OSError as exc:
        raise CommandFailed(f"{path} cannot be read: {exc.strerror}.") from exc


def verified(archive: Archive, jwks: Mapping[str, Any]) -> Genuine:
    """Raises CommandFailed, naming the first thing that does not hold."""
    verify, tokens = _verifier()
    try:
        found = verify.verify_archive(archive.manifest, archive.packed, jwks, tokens)
    except verify.ArchiveInvalid as exc:
        raise CommandFailed(f"This archive is not genuine. {exc}.", NOT_GENUINE) from exc
    return Genuine(
        group_id=str(archive.manifest["group_id"]),
        events=len(found.lines),
        erased=len(found.erased),
        head=found.head,
        signed_by=found.controller_id,
        key=found.kid,
    )


def _verifier() -> tuple[Any, Any]:
    if _CARRIED.exists():
        sys.path.insert(1, str(_CARRIED))
    try:
        verify, tokens, es256 = map(importlib.import_module, ("tools.verify", "shared.tokens", "tools.es256"))
    except ModuleNotFoundError as missing:
        raise CommandFailed(
            f"Verifying needs {missing.name}; use `pip install 'parley[terminal]'`, or .venv/bin/parley of a checkout."
        ) from missing
    return verify, tokens.Tokens(es256.HostEs256())


def _json(text: str, place: str) -> Mapping[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as exc:
        raise CommandFailed(f"{place} is not a JSON object.") from exc
