"""Where deployments are described, and where their wrangler configuration is written to."""

import json
import tomllib
from pathlib import Path

from tools.console import ToolError
from tools.deploy.target import Deployment, configuration


def deployment_named(root: Path, name: str) -> Deployment:
    """deployments/<name>.toml. Raises ToolError."""
    path = root / "deployments" / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.toml")))
        raise ToolError(f"There is no deployments/{name}.toml; ENV may be one of: {known}.")
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as exc:
        raise ToolError(f"deployments/{name}.toml is not TOML: {exc}.") from exc
    return Deployment.parse(name, values)


def write_configuration(root: Path, deployment: Deployment) -> Path:
    """Git-ignored, and beside wrangler.toml: wrangler looks for `main` and python_modules from there."""
    template = tomllib.loads((root / "wrangler.toml").read_text())
    path = root / f"wrangler.{deployment.name}.json"
    path.write_text(json.dumps(configuration(template, deployment), indent=2) + "\n")
    return path
