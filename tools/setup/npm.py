"""wrangler, Miniflare, workerd and Pyodide, in the versions package-lock.json names."""

import json
import os
import platform
import sys
from pathlib import Path

from tools.console import Say, ToolError
from tools.setup.commands import run
from tools.setup.layout import Layout
from tools.setup.node import node_of
from tools.setup.steps import Step, digest

ARCHITECTURES = {"x86_64": "64", "AMD64": "64", "arm64": "arm64", "aarch64": "arm64"}


def npm_step(layout: Layout) -> Step:
    names = ("package.json", "package-lock.json", ".npmrc")
    inputs = [layout.root / name for name in names]

    def install(say: Say) -> None:
        say("npm ci")
        npm(layout, "ci", "--no-audit", "--no-fund")
        if not workerd_binary(layout).exists():
            # Lock files written on one platform can lack another's optional package (npm/cli#4828).
            package = f"{workerd_package()}@{version_of(layout, 'workerd')}"
            say(package)
            npm(layout, "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", package)
        if not workerd_binary(layout).exists():
            raise ToolError(
                f"npm did not bring {workerd_package()}, the Workers runtime; remove node_modules and retry."
            )
        say(f"wrangler {version_of(layout, 'wrangler')}, workerd {version_of(layout, 'workerd')}")

    return Step(
        "npm",
        "npm packages",
        lambda: digest([*inputs, sys.platform, platform.machine()]),
        layout.node_modules / "wrangler" / "package.json",
        install,
    )


def interop_step(layout: Layout) -> Step:
    """The published readers that tests hold our streams against: only those who run the tests need them."""
    folder = layout.interop
    return Step(
        "interop",
        "npm packages of the tests",
        lambda: digest([folder / "package.json", folder / "package-lock.json"]),
        folder / "node_modules" / "ai" / "package.json",
        lambda _: npm(layout, "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder),
    )


def npm(layout: Layout, *arguments: str, folder: Path | None = None) -> None:
    node = node_of(layout)
    path = f"{Path(node.node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    run([node.npm, *arguments], cwd=folder or layout.root, what=f"npm {arguments[0]}", env={"PATH": path})


def version_of(layout: Layout, package: str) -> str:
    version = json.loads((layout.node_modules / package / "package.json").read_text())["version"]
    return str(version)


def workerd_package() -> str:
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    architecture = ARCHITECTURES.get(platform.machine())
    if system is None or architecture is None:
        raise ToolError(
            f"Cloudflare publishes no Workers runtime for {sys.platform} on {platform.machine()}; "
            "use Linux or macOS on x86-64 or arm64 (on Windows: WSL)."
        )
    return f"@cloudflare/workerd-{system}-{architecture}"


def workerd_binary(layout: Layout) -> Path:
    return layout.node_modules / workerd_package() / "bin" / "workerd"
