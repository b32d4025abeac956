"""The deployments that can be told of keys: one on Cloudflare through wrangler, one on this machine through its files.

Law: no secret is ever an argument of a command or a line of output; wrangler reads it from its standard input.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.keys import KeySet, PublishedKey
from tools.key_steps import Told, private_file
from tools.keyring import Keyring

RunWrangler = Callable[[list[str], str], object]
"""Arguments, and what it reads from standard input. Raises ToolError."""


@dataclass(frozen=True)
class Cloudflare:
    """`say` hears every command; with `dry_run` that is all that happens."""

    wrangler: RunWrangler
    say: Callable[[str], None]
    dry_run: bool = False

    def tell(self, told: Told, keyring: Keyring) -> None:
        del keyring
        for sql in told.sql:
            self._run(["d1", "execute", "DB", "-e", "app", "--remote", "--yes", "--command", sql], "")
        for worker, name, value in told.secrets:
            self._run(["secret", "put", name, "-e", worker], value)

    def _run(self, arguments: list[str], given: str) -> None:
        shown = shlex.join(["wrangler", *arguments])
        self.say(f"{shown}{'  (the value on its standard input)' if given else ''}")
        if not self.dry_run:
            self.wrangler(arguments, given)


@dataclass(frozen=True)
class ThisMachine:
    """The files that local deployments start with; one that is running follows them (`tools.follow_keys`)."""

    folder: Path
    say: Callable[[str], None]
    dry_run: bool = False

    def tell(self, told: Told, keyring: Keyring) -> None:
        published = KeySet(keys=tuple(PublishedKey.of(key.public) for key in keyring.app.known))
        values = {name: value for _, name, value in told.secrets}
        # Whoever follows these files finds a key believed before it signs.
        self._write("app-published.jwks.json", published.model_dump_json())
        self._write("orchestrator.jwks.json", values["SIGNING_KEYS"])
        self._write("app.jwk.json", values["SIGNING_KEY"])

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        if path.exists() and path.read_text() == text:
            return
        self.say(f"writes {path}")
        if not self.dry_run:
            private_file(path, text)
