"""Who one is where: addresses and tokens, by the names of profiles, in one private file.

Law: the file can be read by its owner alone, from the moment it exists. PARLEY_URL and PARLEY_TOKEN stand above it.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from parley.cli.failures import SIGN_IN, CommandFailed

DEFAULT: Final = "default"
_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077


@dataclass(frozen=True)
class Profile:
    base_url: str
    token: str


def config_path(environment: Mapping[str, str]) -> Path:
    if named := environment.get("PARLEY_CONFIG"):
        return Path(named)
    home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".config"
    return Path(home) / "parley" / "profiles.json"


def load(path: Path) -> dict[str, Profile]:
    """Raises CommandFailed when the file cannot be read, or can be by others."""
    if not path.exists():
        return {}
    if path.stat().st_mode & _OTHERS:
        raise CommandFailed(f"{path} holds tokens and others may read it; run: chmod 600 {path}")
    try:
        read = json.loads(path.read_text())
        return {str(name): Profile(str(kept["base_url"]), str(kept["token"])) for name, kept in read.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise CommandFailed(f"{path} cannot be read; remove it and sign in again.") from exc


def save(path: Path, profiles: Mapping[str, Profile]) -> None:
    """All or nothing: a reader finds the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".profiles-")
    try:
        with os.fdopen(handle, "w") as file:
            os.fchmod(handle, _PRIVATE)
            file.write(json.dumps({key: asdict(profile) for key, profile in profiles.items()}, indent=2) + "\n")
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def chosen(environment: Mapping[str, str], name: str) -> Profile:
    """Raises CommandFailed when there is nobody of that name."""
    url, token = environment.get("PARLEY_URL"), environment.get("PARLEY_TOKEN")
    if url and token:
        return Profile(url, token)
    profiles = load(config_path(environment))
    if name in profiles:
        return profiles[name]
    known = ", ".join(sorted(profiles))
    if name != DEFAULT and known:
        raise CommandFailed(f"Nobody is signed in as {name!r}; there are {known}.", SIGN_IN)
    raise CommandFailed("You are not signed in; run `parley login URL`, or `parley login --demo`.", SIGN_IN)


def demo_profiles(start: Path) -> dict[str, Profile]:
    """The people of a stack that runs on this machine, by their names in small letters; the first is the default."""
    for folder in (start, *start.parents):
        path = folder / ".local" / "demo.json"
        if path.exists():
            demo = json.loads(path.read_text())
            people = {user["name"].lower(): Profile(demo["base_url"], user["token"]) for user in demo["users"]}
            return {DEFAULT: next(iter(people.values())), **people}
    raise CommandFailed("There is no .local/demo.json here or above; `make dev` or `make serve` writes it.")
