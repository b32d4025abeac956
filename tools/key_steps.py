"""Telling a deployment which keys it has: what is due is decided in `keyring`, told here, and written down.

Law: written down before it is told, so that no key is ever lost that somewhere signs already; whoever is interrupted
begins again where it stopped, and telling the same twice changes nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.clock import rfc3339
from shared.keys import PrivateKey
from tools.keyring import TERMS, Keyring, Ring, Role, Terms

_MS = 1000


@dataclass(frozen=True)
class Told:
    """What a deployment is told: the app keys in its directory, then the secrets of its Workers."""

    sql: tuple[str, ...]
    secrets: tuple[tuple[str, str, str], ...]
    """Worker, name, value: in this order."""


class Target(Protocol):
    """A deployment that can be told."""

    def tell(self, told: Told, keyring: Keyring) -> None:
        """Returns when all of it counts. Raises ToolError."""
        ...


def told(keyring: Keyring, now_s: int) -> Told:
    """The whole truth about this keyring. The directory learns of app keys before anything can be signed with them."""
    now, kids = rfc3339(now_s * _MS), [key.thumbprint for key in keyring.app.known]
    known = ", ".join(f"'{kid}'" for kid in kids)
    rows = [
        f"INSERT INTO app_keys (kid, app_id, jwk, not_before) VALUES ('{key.thumbprint}', '{keyring.app_id}', "  # noqa: S608 -- base64url and our own name
        f"'{key.public.model_dump_json()}', '{now}') ON CONFLICT DO NOTHING"
        for key in keyring.app.known
    ]
    ended = (
        f"UPDATE app_keys SET not_after = '{now}' WHERE app_id = '{keyring.app_id}' AND not_after IS NULL "  # noqa: S608
        f"AND kid NOT IN ({known})"
    )
    orchestrators = {"keys": [key.model_dump() for key in keyring.orchestrator.known]}
    return Told(
        sql=(*rows, ended),
        secrets=(
            ("orchestrator", "SIGNING_KEYS", json.dumps(orchestrators)),
            ("app", "SIGNING_KEY", keyring.app.signing.model_dump_json()),
            ("app", "OPERATOR_TOKEN", keyring.operator_token),
        ),
    )


@dataclass(frozen=True)
class KeySteps:
    """Takes a deployment's keys one step further. `terms` are shorter only where nobody else depends on them."""

    path: Path
    target: Target
    new_key: Callable[[], PrivateKey]
    clock_s: Callable[[], int]
    terms: dict[Role, Terms]

    def load(self) -> Keyring:
        return Keyring.model_validate_json(self.path.read_text())

    def create(self, app_id: str, operator_token: str) -> Keyring:
        """The keys of a deployment that has none. Raises FileExistsError."""
        if self.path.exists():
            raise FileExistsError(self.path)
        app, orchestrator = (Ring(signing=self.new_key()) for _ in TERMS)
        fresh = Keyring(app_id=app_id, app=app, orchestrator=orchestrator, operator_token=operator_token)
        return self._tell(fresh)

    def begin(self, role: Role) -> Keyring:
        """Publishes a successor. Raises ValueError while one is waiting already."""
        keyring = self._settled()
        return self._tell(keyring.with_ring(role, keyring.ring(role).begun(self.new_key())))

    def revoke(self, role: Role) -> Keyring:
        """Another key signs at once, and all before it are believed no more."""
        keyring = self.load()
        return self._tell(keyring.with_ring(role, keyring.ring(role).revoked(self.new_key())))

    def advance(self) -> Keyring:
        """Takes every step that is due."""
        keyring, now_s = self._settled(), self.clock_s()
        for role in self.terms:
            keyring = keyring.with_ring(role, keyring.ring(role).advanced(now_s, self.terms[role]))
        return keyring if keyring.told else self._tell(keyring)

    def _settled(self) -> Keyring:
        """The keyring, once what was interrupted has been told."""
        keyring = self.load()
        return keyring if keyring.told else self._tell(keyring)

    def _tell(self, keyring: Keyring) -> Keyring:
        save(self.path, keyring)
        self.target.tell(told(keyring, self.clock_s()), keyring)
        done = keyring.carried_out(self.clock_s(), self.terms)
        save(self.path, done)
        return done


def save(path: Path, keyring: Keyring) -> None:
    """All of it or nothing: the file never holds half a keyring."""
    private_file(path, keyring.model_dump_json(indent=2) + "\n")


def private_file(path: Path, text: str) -> None:
    """Writes a file for its owner alone, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
