"""Lays out what each Worker is deployed with: `build/<worker>/` and, for the web client, `build/web/`.

wrangler uploads every file under the folder of `main` and does not follow links, so code that several Workers share
has to be copied to each. The copies keep their import names: `app.api`, `shared.ids`, `durable_objects.group`.

Beside a source lies its bytecode where set-up has made some of just this source (tools/setup/bytecode.py).

Law: standard library only; wrangler runs this file with the machine's own Python (`build.command`). A file is written
only when its content differs, because a hot reload starts from what was written.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

WORKERS = ("app", "orchestrator", "agents")
# What the App serves of docs/api as static assets, and under which names.
SERVED_DOCUMENTS = {"openapi.json": "app.openapi.json", "asyncapi.json": "asyncapi.json"}
# The viewer of the API's document, as npm brought it.
VIEWER = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE")
# Which of the Durable Objects a Worker hosts: all of them, or what these files make up.
DURABLE_OBJECTS = {"orchestrator": ("*.py",), "agents": ("__init__.py", "replay_guard.py", "used_once.py")}
BYTECODE = Path(".cache") / "bytecode"
# How the Workers' Python calls the bytecode that is its own (PEP 3147).
CACHE_TAG = "cpython-314"


def assemble(root: Path) -> list[Path]:
    """Brings `build/` up to date and returns the files that were written or removed, relative to `build/`."""
    if (root / "workers" / "__init__.py").exists():
        raise SystemExit("workers/__init__.py must not exist: it would hide the SDK's own package `workers`.")
    build = root / "build"
    wanted = {}
    for worker in WORKERS:
        sources = worker_files(root, worker)
        wanted.update(sources)
        wanted.update(compiled(root, sources))
    web = root / "workers" / "app" / "web"
    # wrangler insists on the folder of static assets, even an empty one.
    (build / "web").mkdir(parents=True, exist_ok=True)
    wanted.update({Path("web") / path.relative_to(web): path for path in files(web)})
    client = root / "clients" / "js"
    # The page is written with the published client and gets it as it is.
    wanted.update({Path("web/parley") / path.relative_to(client): path for path in files(client, ".js")})
    wanted.update(documents(root))
    wanted.update(viewer(root))
    return sorted(prune(build, wanted) + write(build, wanted))


def worker_files(root: Path, worker: str) -> dict[Path, Path]:
    """Target (relative to `build/`) to source, for one Worker."""
    out = Path(worker)
    own = root / "workers" / worker
    found = {out / worker / path.relative_to(own): path for path in files(own, ".py") if path.name != "entry.py"}
    found[out / "entry.py"] = own / "entry.py"
    shared = files(root / "shared", ".py")
    objects = [path for names in DURABLE_OBJECTS.get(worker, ()) for path in (root / "durable_objects").glob(names)]
    found.update({out / path.relative_to(root): path for path in (*shared, *objects)})
    return {target: source for target, source in found.items() if source.exists()}


def compiled(root: Path, sources: dict[Path, Path]) -> dict[Path, Path]:
    """Of those sources whose bytecode there is: where it goes, and where it lies."""
    found = {}
    for target, source in sources.items():
        bytecode = root / BYTECODE / bytecode_name(module_path(target), source.read_bytes())
        if bytecode.is_file():
            found[target.parent / "__pycache__" / f"{target.stem}.{CACHE_TAG}.pyc"] = bytecode
    return found


def module_path(target: Path) -> str:
    """Below its Worker's root: `build/app/shared/ids.py` is `shared/ids.py`."""
    return Path(*target.parts[1:]).as_posix()


def bytecode_name(path: str, source: bytes) -> str:
    """Bytecode knows the place of its source, and is believed without a look at it: the name says both."""
    return hashlib.sha256(path.encode() + b"\0" + source).hexdigest() + ".pyc"


def documents(root: Path) -> dict[Path, Path]:
    found = {Path("web") / name: root / "docs" / "api" / source for name, source in SERVED_DOCUMENTS.items()}
    return {target: source for target, source in found.items() if source.exists()}


def viewer(root: Path) -> dict[Path, Path]:
    package = root / "node_modules" / "swagger-ui-dist"
    found = {Path("web/docs/viewer") / name: package / name for name in VIEWER}
    return {target: source for target, source in found.items() if source.exists()}


def files(folder: Path, suffix: str = "") -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.endswith(suffix) and "__pycache__" not in path.parts
    )


def write(build: Path, wanted: dict[Path, Path]) -> list[Path]:
    written = []
    for target, source in wanted.items():
        path, content = build / target, source.read_bytes()
        if path.is_file() and path.read_bytes() == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(target)
    return written


def prune(build: Path, wanted: dict[Path, Path]) -> list[Path]:
    gone = []
    for top in (*WORKERS, "web"):
        for path in sorted((build / top).rglob("*"), reverse=True):
            target = path.relative_to(build)
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif target not in wanted:
                path.unlink()
                gone.append(target)
    return gone


if __name__ == "__main__":
    changed = assemble(Path(__file__).resolve().parent.parent)
    if changed:
        sys.stdout.write(f"assembled build/: {len(changed)} files changed\n")
