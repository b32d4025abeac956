"""The command `parley` in .venv, made of the checkout's own sources: what is saved is what runs."""

from tools.console import Say
from tools.setup.layout import Layout
from tools.setup.steps import Step, digest

# Sources first, so that a package of the same name that was installed does not win; the checkout for what `parley
# verify` shares with the tools.
LAUNCHER = """\
#!{python}
import sys

sys.path[:0] = [{sources!r}, {root!r}]
from parley.cli import main

main()
"""


def command_step(layout: Layout) -> Step:
    path = layout.venv_bin / "parley"
    text = LAUNCHER.format(
        python=layout.venv_bin / "python",
        sources=str(layout.root / "clients" / "python" / "src"),
        root=str(layout.root),
    )

    def write(say: Say) -> None:
        path.write_text(text)
        path.chmod(0o755)
        say(path.relative_to(layout.root).as_posix())

    return Step("command", "The command parley", lambda: digest([text]), path, write)
