"""What a deployment is called and where it stands; its wrangler configuration, made from wrangler.toml.

Law: pure. wrangler.toml says what a deployment consists of, deployments/<name>.toml only what differs between them.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared.settings import PLACEHOLDER_SUFFIX
from tools.console import ToolError

WORKERS: Final = ("agents", "orchestrator", "app")
"""In the order in which they are deployed: each is bound to the one before it."""
TEMPLATE_PREFIX: Final = "parley"
_OWN_ADDRESSES: Final = ".workers.dev"

_NAMED: Final = (
    ("d1_databases", "database_name"),
    ("r2_buckets", "bucket_name"),
    ("services", "service"),
    ("analytics_engine_datasets", "dataset"),
)

Worker = Literal["agents", "orchestrator", "app"]
HttpsOrigin = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+$")]
Config = dict[str, Any]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origins(_Model):
    app: HttpsOrigin
    orchestrator: HttpsOrigin
    agents: HttpsOrigin


class FirstOrg(_Model):
    """Made when the deployment has no org yet; its owner's token is shown once."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    owner: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Deployment(_Model):
    """deployments/<name>.toml."""

    name: str
    environment: Literal["staging", "production"]
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    origins: Origins
    variables: Annotated[dict[Worker, dict[str, str]], Field(alias="vars", default_factory=dict)]
    first_org: FirstOrg

    @classmethod
    def parse(cls, name: str, values: Mapping[str, Any]) -> Self:
        """Raises ToolError, naming every member that is missing or wrong."""
        try:
            return cls.model_validate({**values, "name": name})
        except ValidationError as exc:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in exc.errors())
            raise ToolError(f"deployments/{name}.toml: {wrong}.") from exc

    @property
    def database(self) -> str:
        return self.prefix

    @property
    def bucket(self) -> str:
        return f"{self.prefix}-archives"

    def origin(self, worker: Worker) -> str:
        return str(getattr(self.origins, worker))

    def placeholders(self) -> list[str]:
        """What still has to be filled in, by its place in the file."""
        values = {f"origins.{worker}": self.origin(worker) for worker in WORKERS} | {
            f"vars.{worker}.{name}": value
            for worker, chosen in self.variables.items()
            for name, value in chosen.items()
        }
        return [place for place, value in values.items() if PLACEHOLDER_SUFFIX in value]

    def provider_secrets(self) -> list[str]:
        """The secrets that hold the keys of model providers, by name. Raises ToolError."""
        try:
            providers = json.loads(self.variables.get("agents", {}).get("PROVIDERS", "[]"))
            return sorted({row["key_secret"] for row in providers if row.get("key_secret")})
        except (ValueError, TypeError, AttributeError) as exc:
            raise ToolError(f"deployments/{self.name}.toml: vars.agents.PROVIDERS is not a JSON list.") from exc


def configuration(template: Config, deployment: Deployment) -> Config:
    """The wrangler configuration of this deployment. `template` is wrangler.toml, parsed."""
    workers = {name: _worker(name, template["env"][name], deployment) for name in WORKERS}
    return {**{key: value for key, value in template.items() if key != "env"}, "env": workers}


def _worker(name: Worker, template: Config, deployment: Deployment) -> Config:
    host = urlsplit(deployment.origin(name)).hostname or ""
    addresses: Config = {"workers_dev": True}
    if not host.endswith(_OWN_ADDRESSES):
        addresses = {"workers_dev": False, "routes": [{"pattern": host, "custom_domain": True}]}
    return {
        **_renamed(template, deployment.prefix),
        **addresses,
        "vars": _variables(name, template["vars"], deployment),
    }


def _variables(name: Worker, template: Mapping[str, str], deployment: Deployment) -> dict[str, str]:
    ours = {f"{worker.upper()}_ORIGIN": deployment.origin(worker) for worker in WORKERS} | {
        "ALLOWED_ORIGINS": deployment.origins.app,
        "ENVIRONMENT": deployment.environment,
    }
    taken = {key: ours.get(key, value) for key, value in template.items()}
    return taken | deployment.variables.get(name, {})


def _renamed(template: Config, prefix: str) -> Config:
    """What in it has a name in the account: the Worker, its neighbours and their objects, database, bucket, dataset."""

    def renamed(value: str) -> str:
        return prefix + value.removeprefix(TEMPLATE_PREFIX)

    changed: Config = {"name": renamed(template["name"])}
    for table, member in _NAMED:
        if table in template:
            changed[table] = [{**row, member: renamed(row[member])} for row in template[table]]
    if objects := template.get("durable_objects", {}).get("bindings"):
        elsewhere = [
            row | ({"script_name": renamed(row["script_name"])} if "script_name" in row else {}) for row in objects
        ]
        changed["durable_objects"] = {"bindings": elsewhere}
    return {**template, **changed}
