"""`python -m tools keys …`: the keys of a deployment, made, and replaced without anybody being refused meanwhile.

A rotation publishes a key, waits, lets it sign, and takes the one before it away when nothing that it has signed can be
alive. What has been done lies in a keyring file; whatever interrupts this, `keys advance` goes on.
"""

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from shared.clock import rfc3339
from tools.console import ToolError, out
from tools.deploy.files import deployment_named, write_configuration
from tools.deploy.wrangler import RunWrangler, wrangler
from tools.es256 import new_private_key
from tools.key_steps import KeySteps, Target, save
from tools.key_targets import Cloudflare, ThisMachine
from tools.keyring import TERMS, Keyring, Predecessor, Ring, Role, Terms
from tools.local import APP_ID, local_keys

ROOT: Final = Path(__file__).resolve().parent.parent
LOCAL: Final = "local"
_POLL_S: Final = 0.5
_MS: Final = 1000

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Roles = Annotated[list[str] | None, typer.Argument(help="`app`, `orchestrator`; without a name, both.")]
Env = Annotated[str, typer.Option("--env", help="The deployment: a name of yours, or `local` for this machine's.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; keep nothing, tell nobody.")]
LeadS = Annotated[int | None, typer.Option("--lead-s", help="Local only: for how many seconds a key waits to sign.")]


@app.command()
def create(env: Env = "production", dry_run: DryRun = False) -> None:
    """Make the keys of a new deployment and put them in."""
    if env == LOCAL:
        raise ToolError("This machine's keys are made at its first start; `keys rotate --env local` replaces them.")
    with steps_of(env, dry_run=dry_run) as steps:
        if steps.path.exists():
            raise ToolError(f"{env} has keys already, in {keyring_path(env)}; `keys rotate` replaces them.")
        show(steps.create(APP_ID, new_operator_token()), steps.terms)


@app.command()
def rotate(roles: Roles = None, env: Env = "production", dry_run: DryRun = False, lead_s: LeadS = None) -> None:
    """Publish a successor, wait until everybody knows it, let it sign."""
    chosen = roles_named(roles)
    with steps_of(env, dry_run=dry_run, lead_s=lead_s) as steps:
        keyring = steps.advance()
        if waiting := [role for role in chosen if keyring.ring(role).successor is not None]:
            raise ToolError(f"A rotation of {' and '.join(waiting)} is under way; `keys advance` goes on with it.")
        for role in chosen:
            keyring = steps.begin(role)
        show(keyring, steps.terms)
        while not dry_run and any(keyring.ring(role).successor for role in chosen):
            time.sleep(_POLL_S)
            keyring = steps.advance()
        if not dry_run:
            show(keyring, steps.terms)


@app.command()
def advance(env: Env = "production", dry_run: DryRun = False, lead_s: LeadS = None) -> None:
    """Take the steps that are due, and finish what was interrupted."""
    with steps_of(env, dry_run=dry_run, lead_s=lead_s) as steps:
        show(steps.advance(), steps.terms)


@app.command()
def revoke(
    roles: Annotated[list[str], typer.Argument(help="Whose keys were stolen: `app`, `orchestrator`.")],
    env: Env = "production",
    dry_run: DryRun = False,
) -> None:
    """A key was stolen: let another one sign at once, and believe none of those before."""
    with steps_of(env, dry_run=dry_run) as steps:
        for role in roles_named(roles):
            keyring = steps.revoke(role)
        show(keyring, steps.terms)


@app.command()
def status(env: Env = "production") -> None:
    """Which keys there are, and what comes when."""
    with steps_of(env, dry_run=True) as steps:
        show(steps.load(), steps.terms)


def new_operator_token() -> str:
    return f"prl_operator_{secrets.token_urlsafe(32)}"


# ── the deployment that is meant ────────────────────────────────────────────────────────────────────────────────────


def keyring_path(env: str) -> Path:
    """Git-ignored, for its owner alone. Raises ToolError."""
    if not env.replace("-", "").isalnum() or not env.isascii():
        raise ToolError(f"{env!r} is no name for a deployment: letters, digits and dashes.")
    folder = ROOT / ".local" / "keys"
    return (folder if env == LOCAL else folder / env) / "keyring.json"


@contextmanager
def steps_of(
    env: str, *, dry_run: bool, lead_s: int | None = None, run: RunWrangler | None = None
) -> Iterator[KeySteps]:
    """With `dry_run` everything happens to a copy that is thrown away, and nobody is told.

    `run` is the wrangler of that deployment, for whoever has it already.
    """
    if lead_s is not None and env != LOCAL:
        raise ToolError("--lead-s is for this machine: elsewhere, others need their ten minutes to learn of a key.")
    path = keyring_path(env)
    with tempfile.TemporaryDirectory(prefix="parley-keys-") as scratch:
        keyring = existing(path, env)
        if dry_run:
            path = Path(scratch) / "keyring.json"
        if keyring is not None:
            save(path, keyring)
        yield KeySteps(
            path, target(env, dry_run=dry_run, run=run), new_private_key, lambda: int(time.time()), terms(lead_s)
        )


def existing(path: Path, env: str) -> Keyring | None:
    """The keyring, or this machine's keys as one."""
    if path.exists():
        return Keyring.model_validate_json(path.read_text())
    if env != LOCAL:
        return None
    keys = local_keys(path.parent)
    first, *others = keys.orchestrator.keys
    orchestrator = Ring(signing=first, predecessors=tuple(Predecessor(key=key) for key in others))
    return Keyring(
        app_id=APP_ID, app=Ring(signing=keys.app), orchestrator=orchestrator, operator_token=keys.operator_token
    )


def target(env: str, *, dry_run: bool, run: RunWrangler | None) -> Target:
    def say(line: str) -> None:
        out.print(f"  {line}", markup=False)

    if env == LOCAL:
        return ThisMachine(keyring_path(env).parent, say, dry_run=dry_run)
    return Cloudflare(run or deployed(env, dry_run=dry_run), say, dry_run=dry_run)


def deployed(env: str, *, dry_run: bool) -> RunWrangler:
    """wrangler, for the Workers of this deployment and no others."""
    return wrangler(ROOT, None if dry_run else write_configuration(ROOT, deployment_named(ROOT, env)))


def terms(lead_s: int | None) -> dict[Role, Terms]:
    if lead_s is None:
        return TERMS
    return {role: Terms(lead_s, usual.tail_s) for role, usual in TERMS.items()}


def roles_named(names: list[str] | None) -> list[Role]:
    """Raises ToolError."""
    if unknown := set(names or ()) - set(TERMS):
        raise ToolError(f"There are keys of {' and '.join(TERMS)}, and none of {', '.join(sorted(unknown))}.")
    return [role for role in TERMS if not names or role in names]


def show(keyring: Keyring, terms: dict[Role, Terms]) -> None:
    for role in TERMS:
        ring = keyring.ring(role)
        out.print(f"  {role}: {ring.signing.thumbprint} signs")
        if ring.successor is not None:
            out.print(f"    {ring.successor.key.thumbprint} follows")
        for old in ring.predecessors:
            out.print(f"    {old.key.thumbprint} is still believed")
        if (due_s := ring.due_s(terms[role])) is not None:
            out.print(f"    the next step is due at {rfc3339(due_s * _MS)}: `keys advance`")


def main() -> None:
    try:
        app()
    except FileNotFoundError as exc:
        raise ToolError(f"There is no {exc.filename}; `keys create` makes the keys of a deployment.") from exc
