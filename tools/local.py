"""A deployment on this machine: its keys, its settings, its first people.

Law: everything secret is made here on the spot, lies in a git-ignored folder, and is the same again at the next start.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.clock import rfc3339
from shared.keys import KeySet, PrivateKey, PrivateKeySet, PublicKey
from tools.es256 import new_private_key
from tools.stack import Ports, Stack

APP_ID = "parley-app"
_EPOCH_MS = 0


@dataclass(frozen=True)
class LocalKeys:
    """The secrets of a local deployment."""

    folder: Path
    app: PrivateKey
    orchestrator: PrivateKeySet
    operator_token: str
    app_published: tuple[PublicKey, ...]
    """The app's keys that are to be believed: in a rotation there are two."""

    @property
    def app_key_path(self) -> Path:
        return self.folder / "app.jwk.json"


def local_keys(folder: Path) -> LocalKeys:
    """Reads the keys in `folder`, making those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    app = file_kept(folder / "app.jwk.json", lambda: _text(new_private_key()))
    orchestrator = file_kept(
        folder / "orchestrator.jwks.json", lambda: json.dumps({"keys": [new_private_key().model_dump()]})
    )
    operator = file_kept(folder / "operator-token.txt", lambda: f"prl_operator_{secrets.token_urlsafe(32)}")
    signing, published = PrivateKey.model_validate_json(app), folder / "app-published.jwks.json"
    known = KeySet.model_validate_json(published.read_text()).by_id() if published.exists() else {}
    return LocalKeys(
        folder,
        signing,
        PrivateKeySet.model_validate_json(orchestrator),
        operator,
        tuple({signing.thumbprint: signing.public, **known}.values()),
    )


def overrides(keys: LocalKeys, ports: Ports, local_people: str = "[]") -> dict[str, dict[str, str]]:
    """What each Worker is told on this machine in place of wrangler.toml's values.

    `local_people` is what the web client offers to sign in with: a JSON list of {name, token}.
    """
    origins = ports.origins()
    common = {"ENVIRONMENT": "local", "ORCHESTRATOR_ORIGIN": origins["orchestrator"]}
    pages = [origins["app"], origins["app"].replace("127.0.0.1", "localhost")]
    orchestrator_keys = {"keys": [key.model_dump() for key in keys.orchestrator.keys]}
    return {
        "app": common
        | {
            "APP_ID": APP_ID,
            "APP_ORIGIN": origins["app"],
            "SIGNING_KEY": _text(keys.app),
            "OPERATOR_TOKEN": keys.operator_token,
            "LOCAL_PEOPLE": local_people,
            # Where the development servers of web front ends usually stand.
            "CORS_ORIGINS": "http://localhost:3000 http://localhost:5173",
            "REQUESTS_PER_MINUTE": "600000",
        },
        "orchestrator": common
        | {
            "AGENTS_ORIGIN": origins["agents"],
            "ALLOWED_ORIGINS": " ".join(pages),
            # A machine of one's own is where one measures what the thing can do.
            "SOCKET_FRAMES_PER_S": "5000",
            "SOCKET_FRAMES_BURST": "20000",
            "GROUP_FRAMES_PER_S": "20000",
            "GROUP_FRAMES_BURST": "100000",
            "SIGNING_KEYS": json.dumps(orchestrator_keys),
        },
        "agents": common | {"AGENTS_ORIGIN": origins["agents"]},
    }


def register_app_key(stack: Stack, keys: LocalKeys) -> None:
    """Tells the directory which app may call the Orchestrator, with which keys. Doing so again changes nothing."""
    for key in keys.app_published:
        stack.query(
            "INSERT INTO app_keys (kid, app_id, jwk, not_before) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            key.thumbprint,
            APP_ID,
            key.model_dump_json(),
            rfc3339(_EPOCH_MS),
        )
    marks = ", ".join("?" for _ in keys.app_published)
    stack.query(
        f"UPDATE app_keys SET not_after = ? WHERE app_id = ? AND not_after IS NULL AND kid NOT IN ({marks})",  # noqa: S608 -- only question marks
        rfc3339(int(time.time()) * 1000),
        APP_ID,
        *(key.thumbprint for key in keys.app_published),
    )


def file_kept(path: Path, make: Callable[[], str]) -> str:
    """The text of a private file, made when it is not there yet."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text().strip()


def _text(key: PrivateKey) -> str:
    return key.model_dump_json()
