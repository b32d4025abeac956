"""`python -m tools verify`: is this archive whole, and who vouches for it?

Law: reading files and addresses, and telling the verdict; what holds is decided in `verify`. Exit code 0 only when all
of it holds.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from shared.tokens import Tokens
from tools.console import ToolError, out
from tools.es256 import HostEs256
from tools.verify import ArchiveInvalid, Verified, verify_archive

TOKEN_VARIABLE: Final = "PARLEY_TOKEN"  # noqa: S105 -- the name of one
_SUFFIX: Final = ".ndjson.gz"

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    what: Annotated[str, typer.Argument(help="An archive's file, its manifest beside it; or the id of a group")],
    jwks: Annotated[str, typer.Option(help="The Orchestrator's published keys: a file or an address")],
    manifest: Annotated[Path | None, typer.Option(help="Where the manifest is, when not beside the archive")] = None,
    url: Annotated[str, typer.Option(help="The App's address, for a group's id")] = "http://127.0.0.1:8787",
) -> None:
    """Check an archive's events, chain, digests and signatures. A group's archive takes a person's PARLEY_TOKEN."""
    read, packed = _of_group(url, what) if what.startswith("grp_") else _of_file(Path(what), manifest)
    try:
        verdict = verify_archive(read, packed, _json(_fetched(jwks), jwks), Tokens(HostEs256()))
    except ArchiveInvalid as exc:
        out.print(f"[red]not whole[/red]  {exc}")
        raise typer.Exit(1) from exc
    _tell(read, verdict)


def _tell(manifest: dict[str, Any], verdict: Verified) -> None:
    erased = f", {len(verdict.erased)} of them without their words" if verdict.erased else ""
    out.print(f"[green]whole[/green]  {len(verdict.lines)} events of {manifest['group_id']}{erased}")
    out.print(f"  the chain ends in {verdict.head}")
    out.print(f"  signed by controller {verdict.controller_id}, certified under key {verdict.kid}", markup=False)


def _of_file(path: Path, manifest: Path | None) -> tuple[dict[str, Any], bytes]:
    beside = manifest or Path(str(path).removesuffix(_SUFFIX) + ".manifest.json")
    return _json(_fetched(str(beside)), str(beside)), _fetched(str(path))


def _of_group(url: str, group_id: str) -> tuple[dict[str, Any], bytes]:
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        raise ToolError(f"Put a token of somebody who is in the group into {TOKEN_VARIABLE}.")
    address, headers = f"{url}/groups/{group_id}/archive", {"Authorization": f"Bearer {token}"}
    return _json(_fetched(f"{address}/manifest", headers), address), _fetched(address, headers)


def _fetched(place: str, headers: dict[str, str] | None = None) -> bytes:
    try:
        if place.startswith(("http://", "https://")):
            return httpx.get(place, headers=headers, timeout=60).raise_for_status().content
        return Path(place).read_bytes()
    except (OSError, httpx.HTTPError) as exc:
        raise ToolError(f"{place} cannot be read: {exc}") from exc


def _json(raw: bytes, place: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError as exc:
        raise ToolError(f"{place} is not JSON") from exc
    if not isinstance(value, dict):
        raise ToolError(f"{place} is not a JSON object")
    return value


def main() -> None:
    app(prog_name="verify")
