"""What a deployment consists of besides our own code: the Workers' packages and the files that its pages are made with.

Law: read from where it lies (python_modules, the page's vendor folder), so that nothing is listed that is not shipped.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from tools.console import ToolError

VIEWER_PACKAGE: Final = "swagger-ui-dist"
VENDOR: Final = Path("workers") / "app" / "web" / "vendor"
_ROW: Final = re.compile(r"\| (\S+) \| ((?:@[a-z0-9-]+/)?[a-z0-9-]+)@(\S+) [^|]*\| ([A-Za-z0-9.-]+) \|")


@dataclass(frozen=True)
class Component:
    """`kind` is the registry's name in a package URL: pypi, npm. `sha256` is that of the file, for a single file."""

    kind: str
    name: str
    version: str
    licence: str
    place: str
    sha256: str | None = None

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def components(root: Path) -> list[Component]:
    """Raises ToolError for one that does not say under which licence it is."""
    return sorted([*packages(root), *page_files(root), viewer(root)], key=lambda found: (found.place, found.name))


def packages(root: Path) -> list[Component]:
    return [_package(path) for path in sorted((root / "python_modules").glob("*.dist-info/METADATA"))]


def _package(path: Path) -> Component:
    fields = HeaderParser().parsestr(path.read_text())
    name = re.sub(r"[-_.]+", "-", fields["Name"]).lower()
    licence = fields["License-Expression"]
    if not licence:
        raise ToolError(f"{name} does not say its licence in {path.name}; look at it, and say here what it is.")
    return Component("pypi", name, fields["Version"], licence, "every Worker")


def page_files(root: Path) -> list[Component]:
    """As the table in the folder's README says; every script there has a row and a licence text beside it."""
    folder = root / VENDOR
    rows = {match[0]: match for line in (folder / "README.md").read_text().splitlines() for match in _ROW.findall(line)}
    present = {path.name for path in folder.glob("*.js")}
    if present != set(rows):
        raise ToolError(f"{VENDOR}/README.md does not tell of {', '.join(sorted(present ^ set(rows)))} as it is.")
    return [
        Component("npm", name, version, licence, f"the page ({file})", _sha256(folder / file))
        for file, name, version, licence in rows.values()
    ]


def viewer(root: Path) -> Component:
    """What shows the API at /docs; `tools.assemble` copies it, licence and all."""
    about = json.loads((root / "node_modules" / VIEWER_PACKAGE / "package.json").read_text())
    return Component("npm", about["name"], about["version"], about["license"], "the page /docs")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
