"""The command `parley`: talk in groups from a terminal or a script, and administrate a deployment.

Law: words, tables and exit codes; what a group or the API demands is the library's.
"""

import importlib
import sys


def main() -> None:
    """Needs what `pip install 'parley[terminal]'` brings; the library itself does not."""
    try:
        app = importlib.import_module("parley.cli.app")
    except ModuleNotFoundError as missing:
        sys.exit(f"parley: the command needs {missing.name}; install it with: pip install 'parley[terminal]'")
    app.run()
