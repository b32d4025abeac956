"""`make deploy`: ENV names the deployment (production), DRY=1 tries everything that can be tried without an account."""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

import httpx

from tools import keys
from tools.console import ToolError, out, warn, working
from tools.deploy.carry_out import Hands, carry_out, upload_size
from tools.deploy.files import deployment_named, write_configuration
from tools.deploy.plan import Step, plan, rehearsal
from tools.deploy.target import Deployment
from tools.deploy.wrangler import RunWrangler, wrangler
from tools.local import APP_ID

ROOT: Final = Path(__file__).resolve().parents[2]
# What wrangler 4.164 says of a Worker that was never deployed; and the API's number for it.
_NO_SUCH_WORKER: Final = ("If this is a new Worker", "code: 10007")


def main() -> None:
    deploy(ROOT, os.environ)


def deploy(root: Path, environment: Mapping[str, str]) -> None:
    """Raises ToolError."""
    deployment = deployment_named(root, environment.get("ENV") or "production")
    run = wrangler(root, write_configuration(root, deployment))
    steps = plan(deployment, environment)
    if environment.get("DRY", "") not in ("", "0"):
        rehearse(steps, deployment, run, environment)
        return
    if problems := unready(deployment, environment, lambda: secrets_there(run, "agents")):
        raise ToolError(f"{deployment.name} cannot be deployed yet:\n" + "\n".join(f"  - {line}" for line in problems))
    with httpx.Client(timeout=30) as web:
        carry_out(steps, Hands(run, DeploymentKeys(deployment.name, run), environment, web, time.sleep))
    out.print(f"\n  [bold]{deployment.name}[/bold] is at [link]{deployment.origins.app}[/link]\n")


class DeploymentKeys:
    """The keys of one deployment, by its keyring on this machine."""

    def __init__(self, name: str, run: RunWrangler) -> None:
        self._name = name
        self._run = run

    def ensure(self) -> str:
        with keys.steps_of(self._name, dry_run=False, run=self._run) as steps:
            if steps.path.exists():
                steps.advance()
                return f"kept, in {steps.path}"
            if "SIGNING_KEYS" in secrets_there(self._run, "orchestrator"):
                return "are there, made on another machine"
            steps.create(APP_ID, keys.new_operator_token())
            return f"made, in {steps.path}: keep that file"

    def operator_token(self) -> str | None:
        keyring = keys.existing(keys.keyring_path(self._name), self._name)
        return None if keyring is None else keyring.operator_token


def secrets_there(run: RunWrangler, worker: str) -> str:
    """wrangler's listing of a Worker's secrets by name; empty before its first deployment."""
    try:
        return run(("secret", "list", "-e", worker), "")
    except ToolError as refused:
        if any(sign in str(refused) for sign in _NO_SUCH_WORKER):
            return ""
        raise


def unready(deployment: Deployment, environment: Collection[str], listed: Callable[[], str]) -> list[str]:
    """Everything that stands against a deployment, each in a line."""
    problems = [
        f"deployments/{deployment.name}.toml: {place} is still a placeholder" for place in deployment.placeholders()
    ]
    missing = [name for name in deployment.provider_secrets() if name not in environment]
    if missing and not problems:
        missing = [name for name in missing if f'"{name}"' not in listed()]
    return problems + [f"secret {name}: give its value in the environment variable {name}" for name in missing]


def rehearse(steps: list[Step], deployment: Deployment, run: RunWrangler, given: Collection[str]) -> None:
    """Without an account: wrangler's own dry run of each upload, the migrations on a local copy."""
    with tempfile.TemporaryDirectory(prefix="parley-deploy-") as scratch:
        for step in steps:
            command = rehearsal(step, scratch)
            if command is None:
                out.print(f"  [dim]· {step.title}: needs the account[/dim]")
                continue
            with working(step.title) as say:
                say(f"{upload_size(run(command, ''))} tried, not sent".strip())
    for problem in unready(deployment, given, lambda: ""):
        warn(f"before a real deployment: {problem}")
    out.print(f"\n  {deployment.name} would be at {deployment.origins.app}; nothing was sent anywhere\n")
