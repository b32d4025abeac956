"""`python -m tools <command>`: what the Makefile's targets run once .venv is there."""

import importlib
import sys
from pathlib import Path

import typer

from tools import clean as cleaning
from tools.check import check as run_checks
from tools.console import ToolError, fail
from tools.lanes import run_tests
from tools.setup.prepare import prepare

ROOT = Path(__file__).resolve().parent.parent
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def setup() -> None:
    """Install what everything else needs."""
    prepare(ROOT)


@app.command()
def check() -> None:
    """Lint, types, layout."""
    raise typer.Exit(run_checks(ROOT))


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run every test; what follows goes to pytest."""
    importlib.import_module("tools.setup.tests").prepare_tests(ROOT)
    raise typer.Exit(run_tests(ROOT, context.args))


@app.command()
def dev() -> None:
    """Run the stack with hot reload."""
    hand_over("tools.dev")


@app.command()
def serve() -> None:
    """Run the stack without hot reload."""
    hand_over("tools.serve")


@app.command()
def demo() -> None:
    """Play one conversation from sign-up to verified archive."""
    hand_over("tools.demo")


@app.command(context_settings=PASS_ON)
def chaos(context: typer.Context) -> None:
    """Kill the stack again and again while people talk, and judge what they saw."""
    sys.argv[1:] = context.args
    hand_over("tools.chaos.main")


@app.command(context_settings=PASS_ON)
def verify(context: typer.Context) -> None:
    """Check an archive: its events, chain, digests and signatures."""
    sys.argv[1:] = context.args
    hand_over("tools.verify_command")


@app.command(name="e2e-llm", context_settings=PASS_ON)
def e2e_llm(context: typer.Context) -> None:
    """The whole chain with a real small language model (180 MB of downloads the first time)."""
    sys.argv[1:] = context.args
    hand_over("tools.llm.main")


@app.command()
def bench() -> None:
    """Measure, beside others who do the same work."""
    hand_over("bench.main")


@app.command(name="dev-vars")
def dev_vars() -> None:
    """Prepare for plain `wrangler dev`."""
    hand_over("tools.dev_vars")


@app.command()
def screenshots() -> None:
    """Write docs/screenshots/ from the page as it is; takes a Chromium."""
    hand_over("tools.screenshots")


@app.command()
def docs() -> None:
    """Write what docs/ says of APIs, settings, errors and licences from the code."""
    hand_over("tools.documents")


@app.command(context_settings=PASS_ON)
def mutate(context: typer.Context) -> None:
    """Break each check of the chain of trust; do the tests notice? What follows are words of the paths to break."""
    prepare(ROOT)
    raise typer.Exit(importlib.import_module("tools.mutate").main(context.args))


@app.command(context_settings=PASS_ON)
def keys(context: typer.Context) -> None:
    """Create or rotate a deployment's keys; `keys --help` says how."""
    sys.argv[1:] = context.args
    hand_over("tools.keys")


@app.command()
def audit() -> None:
    """What is shipped, and what is known against it."""
    hand_over("tools.audit")


@app.command()
def deploy() -> None:
    """Keys, migrations, the three Workers, the first org (ENV=staging, DRY=1)."""
    hand_over("tools.deploy.main")


@app.command()
def clean() -> None:
    """Remove what set-up has made."""
    cleaning.clean(ROOT)


def hand_over(module: str) -> None:
    prepare(ROOT)
    # Only now: it imports the product's own packages, under the names they have in a Worker, and their libraries.
    sys.path[1:1] = [str(ROOT / "workers"), str(ROOT / "clients" / "python" / "src")]
    importlib.import_module(module).main()


if __name__ == "__main__":
    try:
        app()
    except ToolError as error:
        fail(str(error))
