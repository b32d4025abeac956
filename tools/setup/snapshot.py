"""The warm snapshot: Python's memory after the imports all Workers share, so that a local start takes one second.

Only local runs use it. Where it cannot be made everything works, only slower, and set-up says so.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.console import Say, ToolError
from tools.setup.layout import Layout
from tools.setup.npm import version_of, workerd_binary
from tools.setup.shared_imports import PACKAGE_IMPORTS, RUNTIME_IMPORTS, STANDARD_IMPORTS
from tools.setup.steps import Step, digest

HERE = Path(__file__).parent

# The snapshot restores this module too, so its name must not be one that any Worker has.
SEED_NAME = "snapshot_seed.py"
IMPORTS = (*STANDARD_IMPORTS, *PACKAGE_IMPORTS, *RUNTIME_IMPORTS)
SEED = """\
{imports}

from workers import WorkerEntrypoint


class Default(WorkerEntrypoint):
    pass
"""

CONFIG = """\
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "seed", worker = (
    compatibilityDate = "{date}",
    compatibilityFlags = ["python_workers", "python_workers_development"],
    modules = [
      (name = "{seed}", pythonModule = embed "{seed}"),
{modules}
    ],
  ))],
  sockets = [],
);
"""

TIME_LIMIT_S = 120


def snapshot_path(layout: Layout) -> Path:
    key = digest(
        [
            HERE / "snapshot.py",
            HERE / "shared_imports.py",
            layout.stamps / "bytecode",
            layout.stamps / "bundle",
            version_of(layout, "workerd"),
        ]
    )
    return layout.snapshots / key[:16] / "snapshot.bin"


def snapshot_step(layout: Layout, compatibility_date: str) -> Step:
    target = snapshot_path(layout)

    def save(say: Say) -> None:
        say("importing what all Workers share")
        shutil.rmtree(layout.snapshots, ignore_errors=True)
        target.parent.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=layout.cache) as folder:
            record(layout, Path(folder), target.parent, compatibility_date)
        if not target.exists():
            raise ToolError("the Workers runtime wrote no snapshot")
        say(f"{target.stat().st_size / 1e6:.0f} MB")

    return Step("snapshot", "Warm snapshot", lambda: digest([str(target), compatibility_date]), target, save)


def record(layout: Layout, folder: Path, into: Path, compatibility_date: str) -> None:
    (folder / SEED_NAME).write_text(SEED.format(imports="\n".join(f"import {name}" for name in IMPORTS)))
    (folder / "python_modules").symlink_to(layout.python_modules)
    (folder / "config.capnp").write_text(
        CONFIG.format(date=compatibility_date, seed=SEED_NAME, modules=vendored_modules(layout.python_modules))
    )
    command = [
        *(str(workerd_binary(layout)), "serve", "config.capnp", "--experimental"),
        f"--pyodide-bundle-disk-cache-dir={layout.bundle.parent}",
        *("--python-save-snapshot", f"--python-snapshot-dir={into}"),
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
    except subprocess.TimeoutExpired as late:
        raise ToolError(f"the Workers runtime made no snapshot within {TIME_LIMIT_S} s") from late
    if done.returncode != 0:
        raise ToolError(reason(done.stdout + done.stderr))


def reason(output: str) -> str:
    """The last line that is a message: after a Python error the runtime prints a dozen frames of its own."""
    messages = [line for line in output.splitlines() if line.strip() and not line.startswith("  at ")]
    return messages[-1] if messages else "the Workers runtime gave no reason"


def vendored_modules(folder: Path) -> str:
    """The files under the names and kinds wrangler gives them (findAdditionalModules, wrangler 4.164)."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = f"python_modules/{path.relative_to(folder).as_posix()}"
            is_script = name.startswith("python_modules/workers/") and path.suffix in (".js", ".mjs")
            lines.append(f'      (name = "{name}", {"esModule" if is_script else "data"} = embed "{name}"),')
    return "\n".join(lines)
