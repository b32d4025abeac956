"""The first step of every `make` target, for a machine that has Python and nothing else.

Law: standard library only, and syntax that an old Python can read well enough to be told that it is too old. It
makes `.venv`, installs what requirements/dev.txt locks, and hands over to `python -m tools`.
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
LOCK = ROOT / "requirements" / "dev.txt"
STAMP = ROOT / ".cache" / "stamps" / "python"

HELP = """\
Parley - group chat for people and AI agents, on Cloudflare's edge

  make demo     set up, start everything and play one conversation from sign-up to verified archive
  make dev      run the stack with hot reload on http://127.0.0.1:8787 (PORT=8787)
  make serve    run the stack without hot reload, as load tests and benchmarks want it
  make test     every test: unit, then end to end on the real runtime (ARGS="-k archive")
  make chaos    kill, pause and cut the stack while people talk, and judge what they saw (ARGS=--short)
  make bench    measure it beside partyserver, plain JavaScript and FastAPI (BENCH=fanout,wake for parts of it)
  make check    ruff, mypy --strict and the layout rules
  make docs     write docs/api/ (OpenAPI, AsyncAPI, the wire) from the code
  make setup    only install what the above need (done by each of them when something changed)
  make clean    remove everything set-up has made

Needs Python 3.11 or newer and make; all else is installed inside this folder."""

# The last is how pip calls an index that gave no answer at all.
NETWORK_SIGNS = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "versions: none")


def fail(sentence: str) -> None:
    sys.stderr.write("parley: " + sentence + "\n")
    sys.exit(1)


def stamp_key() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


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


def install() -> None:
    total = sum("==" in line for line in LOCK.read_text().splitlines())
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    started = time.monotonic()
    tail: list[str] = []
    seen = 0
    with subprocess.Popen(
        [*command, "-r", str(LOCK)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
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
    return "pip could not install requirements/dev.txt (its last lines are above)."


def show_progress(text: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text)
        sys.stdout.flush()


def ensure_environment() -> None:
    key = stamp_key()
    if VENV_PYTHON.exists() and STAMP.exists() and STAMP.read_text() == key:
        return
    sys.stdout.write("Setting up Python (first run, or requirements/dev.txt changed)\n")
    sys.stdout.flush()
    make_venv()
    install()
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    STAMP.write_text(key)


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
        ensure_environment()
    except KeyboardInterrupt:
        fail("interrupted; the next run begins where this one stopped.")
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "tools", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
