"""Do the tests notice? Breaks each check of the chain of trust, one at a time, and runs the fast tests that concern it.

A mutant that no test kills is a check that nobody would miss: it is printed, with what was done to it. Everything
happens in copies of the tree, in two processes at most.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import Queue
from typing import Final

from rich.progress import track

from tools.console import ToolError, err, out
from tools.mutants import Mutant, mutants

ROOT: Final = Path(__file__).resolve().parent.parent
ENOUGH: Final = 0.95
AT_ONCE: Final = 2
TIME_LIMIT_S: Final = 60
COPIED: Final = ("shared", "durable_objects", "workers", "tools", "tests", "clients", "pyproject.toml")


@dataclass(frozen=True)
class Target:
    """A file whose checks are broken, all of them or those of some functions, and the tests that should notice."""

    path: str
    tests: tuple[str, ...]
    functions: frozenset[str] | None = None


_SHARED: Final = "tests/shared/test_"
_TOKENS: Final = (f"{_SHARED}tokens.py", f"{_SHARED}signing.py", f"{_SHARED}keys.py")
_API: Final = tuple(f"tests/orchestrator/test_{name}.py" for name in ("api", "sessions", "disconnect"))
_IDENTITY: Final = ("tests/app/test_identity.py", "tests/app/test_idp_keys.py")
TARGETS: Final = (
    Target("shared/tokens.py", (*_TOKENS, f"{_SHARED}profile.py", f"{_SHARED}mutations.py")),
    Target("shared/signing.py", (f"{_SHARED}signing.py", f"{_SHARED}profile.py", *_API)),
    Target("shared/routing.py", ("tests/orchestrator/test_admission.py",)),
    Target("shared/keys.py", (f"{_SHARED}keys.py", f"{_SHARED}profile.py")),
    Target("shared/jwks.py", (f"{_SHARED}jwks.py",)),
    Target("shared/strict_json.py", (f"{_SHARED}strict_json.py",)),
    Target("workers/orchestrator/admission.py", ("tests/orchestrator/test_admission.py",)),
    Target("workers/orchestrator/routing.py", _API),
    Target(
        "workers/orchestrator/api.py",
        _API,
        frozenset(
            {"app", "session", "lapsed_session", "app_or_bearer", "initialise_group", "routing_token", "cleanup"}
            | {"renew_session", "renew_roster", "disconnect_person", "_own_group", "_usable"}
        ),
    ),
    Target(
        "workers/agents/api.py", ("tests/agents/test_api.py",), frozenset({"session", "run", "run_stream", "_check"})
    ),
    Target("workers/orchestrator/sessions.py", _API),
    Target("workers/orchestrator/disconnect.py", _API),
    Target("durable_objects/access.py", ("tests/durable_objects/test_access.py",)),
    Target("workers/app/auth.py", ("tests/app/test_auth.py", "tests/app/test_sign_in.py")),
    Target("workers/app/access.py", ("tests/app/test_access.py", "tests/app/test_sign_in.py")),
    Target("workers/app/tokens.py", ("tests/app/test_tokens.py",), frozenset({"require_charge"})),
    Target("workers/app/identity.py", _IDENTITY),
    Target("workers/app/idp_keys.py", _IDENTITY),
    Target("workers/app/sign_in.py", ("tests/app/test_sign_in.py",)),
    Target("workers/app/settings.py", ("tests/app/test_settings.py",), frozenset({"idp", "_a_whole_idp_or_none"})),
    Target("tools/keyring.py", ("tests/tools/test_keyring.py", "tests/tools/test_key_steps.py")),
)


@dataclass(frozen=True)
class Survivor:
    path: str
    mutant: Mutant

    def __str__(self) -> str:
        return f"{self.path}:{self.mutant.line}  {self.mutant.what}"


class Copies:
    """As many copies of the tree as run at once; whoever takes one brings it back as it was."""

    def __init__(self, folder: Path) -> None:
        self._free: Queue[Path] = Queue()
        for number in range(AT_ONCE):
            copy = folder / str(number)
            copy.mkdir()
            for name in COPIED:
                source = ROOT / name
                if source.is_dir():
                    shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
                else:
                    shutil.copy(source, copy / name)
            self._free.put(copy)

    @contextmanager
    def one(self) -> Iterator[Path]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


def passes(copy: Path, tests: tuple[str, ...]) -> bool:
    """Whether these tests all pass in that copy. Going on for ever is not passing."""
    # The plugin of hypothesis takes as long to import as most of these tests to run.
    plugins = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    command = [sys.executable, "-m", "pytest", "-x", "-q", *plugins, *dict.fromkeys(tests)]
    # Two versions of a file within one second look alike to Python's own cache.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survives(copies: Copies, target: Target, mutant: Mutant) -> bool:
    with copies.one() as copy:
        path = copy / target.path
        before = path.read_text()
        path.write_text(mutant.source)
        try:
            return passes(copy, target.tests)
        finally:
            path.write_text(before)


def targets(words: list[str]) -> list[Target]:
    return [target for target in TARGETS if not words or any(word in target.path for word in words)]


def main(words: list[str]) -> int:
    """Mutates the files whose paths contain one of these words, or all. The exit code is 0 when enough were killed."""
    if find_spec("pytest") is None:
        raise ToolError("The packages of the tests are not there yet; `make check` brings them.")
    started = time.monotonic()
    chosen = targets(words)
    with tempfile.TemporaryDirectory(prefix="parley-mutants-") as folder:
        copies = Copies(Path(folder))
        with copies.one() as copy:
            for target in chosen:
                if not passes(copy, target.tests):
                    raise ToolError(f"The tests of {target.path} fail before anything was broken.")
        work = [
            (target, mutant)
            for target in chosen
            for mutant in mutants((ROOT / target.path).read_text(), target.functions)
        ]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = pool.map(lambda pair: survives(copies, *pair), work)
            alive = list(track(verdicts, f"{len(work)} mutants", total=len(work), console=err))
    report(work, alive)
    killed = len(work) - sum(alive)
    score = killed / len(work)
    out.print(f"{killed} of {len(work)} killed, {score:.1%}, {time.monotonic() - started:.0f} s")
    return 0 if score >= ENOUGH else 1


def report(work: list[tuple[Target, Mutant]], alive: list[bool]) -> None:
    survivors = [Survivor(target.path, mutant) for (target, mutant), lives in zip(work, alive, strict=True) if lives]
    for survivor in survivors:
        out.print(f"  survived  {survivor}", markup=False, highlight=False, soft_wrap=True)
    for path in dict.fromkeys(target.path for target, _ in work):
        total = sum(target.path == path for target, _ in work)
        lives = sum(survivor.path == path for survivor in survivors)
        out.print(f"  {path}: {total - lives} of {total}", highlight=False)
