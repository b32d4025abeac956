import json
from pathlib import Path

import pytest

from tests.layout.sources import ROOT
from tools import documents, sbom
from tools.assemble import VIEWER
from tools.console import ToolError
from tools.shipped import VENDOR, VIEWER_PACKAGE, components, packages, page_files

SHIPPED = components(ROOT)
LOCKED = [line.split()[0] for line in (ROOT / "requirements" / "worker.txt").read_text().splitlines() if "==" in line]


def test_what_the_workers_carry_is_what_is_locked() -> None:
    assert sorted(f"{found.name}=={found.version}" for found in packages(ROOT)) == sorted(LOCKED)


def test_every_licence_is_one_that_this_project_may_ship() -> None:
    assert {found.licence for found in SHIPPED} <= {"MIT", "BSD-3-Clause", "Apache-2.0", "PSF-2.0"}


def test_licence_texts_travel_with_what_they_are_for() -> None:
    for folder in (ROOT / "python_modules").glob("*.dist-info"):
        assert list((folder / "licenses").iterdir()), folder.name
    for found in page_files(ROOT):
        assert (ROOT / VENDOR / f"{found.name}.LICENSE.txt").exists()


def test_the_viewer_of_the_api_is_listed_as_it_is_copied() -> None:
    assert f'"{VIEWER_PACKAGE}"' in (ROOT / "tools" / "assemble.py").read_text()
    assert "LICENSE" in VIEWER
    assert [found.licence for found in SHIPPED if found.name == VIEWER_PACKAGE] == ["Apache-2.0"]


def test_a_file_that_nobody_tells_of_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / VENDOR
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("| a.js | a@1.0 `dist/a.js` | MIT | – |\n")
    (folder / "a.js").write_text("")
    assert [found.purl for found in page_files(tmp_path)] == ["pkg:npm/a@1.0"]
    (folder / "b.js").write_text("")
    with pytest.raises(ToolError, match=r"b\.js"):
        page_files(tmp_path)


def test_a_package_without_a_licence_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "python_modules" / "odd-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: odd\nVersion: 1\n")
    with pytest.raises(ToolError, match="odd"):
        packages(tmp_path)


def test_the_bill_of_materials_lists_each_once_and_is_the_same_again() -> None:
    made = sbom.document("1.2.3", SHIPPED)
    references = [row["bom-ref"] for row in made["components"]]
    assert len(references) == len(set(references)) == len(SHIPPED)
    assert made["dependencies"][0]["dependsOn"] == references
    assert made["metadata"]["component"]["version"] == "1.2.3"
    assert json.dumps(made) == json.dumps(sbom.document("1.2.3", components(ROOT)))


@pytest.mark.parametrize("path", documents.generate(), ids=str)
def test_the_committed_document_is_what_the_code_says(path: Path) -> None:
    assert (ROOT / path).read_text() == documents.generate()[path], "run `make docs`"
