"""docs/licences.md: what is shipped beside our own code, and under which licences."""

from pathlib import Path
from typing import Final

from tools.shipped import components

ROOT: Final = Path(__file__).resolve().parent.parent
HEAD: Final = """\
# Licences of what is shipped

Made by `make docs` from what a deployment carries: the packages in `python_modules` (locked in
`requirements/worker.txt`) and the files in `workers/app/web/vendor`, and the viewer of the API. Parley itself is
Apache-2.0. Licence texts travel with each: in the package's `dist-info`, or beside the file. Tools and tests use
more (`requirements/dev.txt`, `package-lock.json`), which is installed and never shipped.

`make audit` writes the same list as a CycloneDX document, `build/sbom.cdx.json`.

| what | version | licence | where |
|---|---|---|---|
"""


def text() -> str:
    return HEAD + "".join(
        f"| {found.name} | {found.version} | {found.licence} | {found.place} |\n" for found in components(ROOT)
    )
