"""A deployment as a list of steps, each of them data.

Law: pure. Every step may be done again: whoever was interrupted, or deploys the next version, runs the same list.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from tools.deploy.target import WORKERS, Deployment, FirstOrg, Worker

Arguments = tuple[str, ...]


@dataclass(frozen=True)
class Ensure:
    """Something that must be there: made unless `look` lists it by name."""

    title: str
    name: str
    look: Arguments
    make: Arguments

    def is_listed(self, output: str) -> bool:
        return re.search(rf"(?<![\w-]){re.escape(self.name)}(?![\w-])", output) is not None


@dataclass(frozen=True)
class Migrate:
    """D1 migrations that were not applied yet, before any code that needs them."""

    title: str


@dataclass(frozen=True)
class MakeKeys:
    """The keys of a deployment that has none."""

    title: str


@dataclass(frozen=True)
class PutSecret:
    """A secret whose value comes from this process's environment, never from a file or an argument."""

    title: str
    worker: Worker
    name: str


@dataclass(frozen=True)
class Publish:
    title: str
    worker: Worker


@dataclass(frozen=True)
class AskHealth:
    """Asks until the answer is 200; a new address takes a while to exist."""

    title: str
    url: str


@dataclass(frozen=True)
class AskEveryPart:
    """The operator's deep check: each part that the deployment is made of."""

    title: str
    url: str


@dataclass(frozen=True)
class BeginOrg:
    """The first org and its owner, in a deployment that has none."""

    title: str
    url: str
    org: FirstOrg


Step = Ensure | Migrate | MakeKeys | PutSecret | Publish | AskHealth | AskEveryPart | BeginOrg


def plan(deployment: Deployment, given: Collection[str]) -> list[Step]:
    """`given` are the names that this process's environment has a value for."""
    database, bucket = deployment.database, deployment.bucket
    secrets = [name for name in deployment.provider_secrets() if name in given]
    return [
        Ensure(f"Database {database}", database, ("d1", "list", "--json"), ("d1", "create", database)),
        Ensure(f"Bucket {bucket}", bucket, ("r2", "bucket", "list"), ("r2", "bucket", "create", bucket)),
        Migrate("Database migrations"),
        MakeKeys("Keys"),
        *(PutSecret(f"Secret {name} of agents", "agents", name) for name in secrets),
        *(Publish(f"Worker {deployment.prefix}-{worker}", worker) for worker in WORKERS),
        *(AskHealth(f"{worker} answers", f"{deployment.origin(worker)}/healthz") for worker in WORKERS),
        AskEveryPart("Every part answers", f"{deployment.origins.app}/healthz/deep"),
        BeginOrg("First org", f"{deployment.origins.app}/orgs", deployment.first_org),
    ]


def publishing(worker: Worker) -> Arguments:
    return ("deploy", "-e", worker)


MIGRATING: Arguments = ("d1", "migrations", "apply", "DB", "-e", "app")
COUNTING_ORGS: Arguments = (
    *("d1", "execute", "DB", "-e", "app", "--remote", "--json", "--command"),
    "SELECT count(*) AS orgs FROM orgs",
)


def rehearsal(step: Step, scratch: str) -> Arguments | None:
    """The command that tries this step without an account, None where there is none. `scratch` is an empty folder."""
    match step:
        case Publish(_, worker):
            return (*publishing(worker), "--dry-run")
        case Migrate():
            return (*MIGRATING, "--local", "--persist-to", scratch)
        case Ensure() | MakeKeys() | PutSecret() | AskHealth() | AskEveryPart() | BeginOrg():
            return None
