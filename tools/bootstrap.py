"""The first step of every `make` target, for a machine that has Python and nothing else.

Law: standard library only, and syntax that an old Python can read well enough to be told that it is too old. It
makes `.venv`, installs what a lock in requirements/ names, and hands over to `python -m tools`. What runs the stack
needs few packages, and is not kept waiting for those of the tests.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = ROOT / ".cache" / "stamps" / "python"
RUNS_THE_STACK = ("demo", "dev", "serve", "setup", "dev-vars", "deploy")

HELP = """\
Parley - group chat for people and AI agents, on Cloudflare's edge

  make demo     set up, start everything and play one conversation from sign-up to verified archive
  make dev      run the stack with hot reload on http://127.0.0.1:8787 (PORT=8787)
  make serve    run the stack without hot reload, as load tests and benchmarks want it
  make test     every test, end to end on the real runtime beside the rest (ARGS="-k archive")
  make chaos    kill, pause and cut the stack while people talk, and judge what they saw (ARGS=--short)
  make e2e-llm  ask a real small language model through the whole chain (180 MB of downloads the first time)
  make bench    measure it beside partyserver, plain JavaScript and FastAPI (BENCH=fanout,wake for parts of it)
  make check    ruff, mypy --strict and the layout rules
  make deploy   keys, migrations, the three Workers, the first org (ENV=staging; DRY=1 tries it without an account)
  make audit    ask the registries' advisories about every locked package
  make docs     write docs/api/ (OpenAPI, AsyncAPI, the wire) from the code
  make setup    only install what the above need (done by each of them when something changed)
  make clean    remove everything set-up has made

Needs Python 3.11 or newer and make; all else is installed inside this folder."""

# The last is how pip calls an index that gave no answer at all.
NETWORK_SIGNS = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "versions: none")


def fail(sentence: str) -> None:
    sys.stderr.write("parley: " + sentence + "\n")
    sys.exit(1)


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / (name + ".txt")


def stamp_key(name: str) -> str:
    return name + " " + hashlib.sha256(lock_file(name).read_bytes() + sys.version.encode()).hexdigest()


def make_venv() -> None:
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.stderr.write(made.stdout + made.stderr)
        fail(
            "this Python cannot make virtual environments; install its venv module "
            "(Debian and Ubuntu: `sudo apt install python3-venv`) and run the command again."
        )


def install(lock: Path) -> None:
    total = sum("==" in line for line in lock.read_text().splitlines())
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    started = time.monotonic()
    tail: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*command, "-r", str(lock)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        for line in pip.stdout or ():
            tail = [*tail[-30:], line]
            if line.startswith("Collecting "):
                seen += 1
                show_progress(f"  Python packages {seen}/{total} {line.split()[1]}")
    show_progress("")
    if pip.returncode != 0:
        sys.stderr.write("".join(tail[-8:]))
        fail(explain("".join(tail)))
    sys.stdout.write(f"  Python packages in .venv, {time.monotonic() - started:.1f} s\n")
    sys.stdout.flush()


def explain(output: str) -> str:
    if any(sign in output for sign in NETWORK_SIGNS):
        return "the Python package index is out of reach; check the network (or pip's proxy setting) and run it again."
    return "pip could not install what is locked in requirements/ (its last lines are above)."


def show_progress(text: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text)
        sys.stdout.flush()


def ensure_environment(command: str) -> None:
    """The smaller set of packages is part of the larger one, and is added to when that is needed."""
    found = STAMP.read_text() if VENV_PYTHON.exists() and STAMP.exists() else ""
    name = "run" if command in RUNS_THE_STACK else "dev"
    if found in (stamp_key(name), stamp_key("dev")):
        return
    sys.stdout.write("Setting up Python (first run, or requirements/" + name + ".txt changed)\n")
    sys.stdout.flush()
    if found != stamp_key("run"):
        make_venv()
    STAMP.unlink(missing_ok=True)
    install(lock_file(name))
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    STAMP.write_text(stamp_key(name))


def main(arguments: "list[str]") -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is the one that meets older Pythons
        found = ".".join(map(str, sys.version_info[:2]))
        fail(f"Python 3.11 or newer is needed, this is {found}; name another one with `make PYTHON=python3.12 ...`.")
    if not arguments or arguments[0] in ("help", "-h", "--help"):
        sys.stdout.write(HELP + "\n")
        return
    os.chdir(ROOT)
    if arguments[0] == "clean":
        # Not through .venv, which it removes.
        sys.path[0] = str(ROOT)
        from tools.clean import clean  # noqa: PLC0415 - importable only now

        clean(ROOT)
        return
    try:
        ensure_environment(arguments[0])
    except KeyboardInterrupt:
        fail("interrupted; the next run begins where this one stopped.")
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "tools", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
