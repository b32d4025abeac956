"""The browser that the browser tests steer: Debian's packages, installed only where this process may.

The one thing that set-up puts outside the checkout, and only for the tests: no Python or npm package has a browser.
"""

import os
import shutil
from pathlib import Path

from tools.browser import missing_program
from tools.console import ToolError, warn, working
from tools.setup.commands import run

PACKAGES = ("chromium", "chromium-driver")


def ensure_chromium(root: Path) -> None:
    """Installs what is missing when that can be done as it stands; otherwise says what to type."""
    missing = missing_program()
    if missing is None:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        warn(f"The browser tests will be skipped: {missing}.")
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        with working("Chromium, from Debian's packages"):
            run(["apt-get", "update", "-q"], cwd=root, what="apt-get update", env=quiet)
            install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES]
            run(install, cwd=root, what="apt-get install", env=quiet)
    except ToolError as error:
        warn(f"The browser tests will be skipped, since Chromium could not be installed: {error}")
