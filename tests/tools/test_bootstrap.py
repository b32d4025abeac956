"""What a newcomer meets before anything is installed: one sentence, and what to do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layout.sources import ROOT
from tools import bootstrap


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr().err
    assert said.startswith("parley: ")
    assert "Traceback" not in said
    return said


def test_an_old_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.bootstrap.sys.version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as ended:
        bootstrap.main(["setup"])
    assert ended.value.code == 1
    said = refusal(capsys)
    assert "3.11 or newer" in said
    assert "this is 3.9" in said
    assert "make PYTHON=" in said


def test_the_file_that_meets_old_pythons_has_nothing_that_they_cannot_read() -> None:
    text = (ROOT / "tools" / "bootstrap.py").read_text()
    assert not re.search(r"^\s*match |:=|\bexcept\*|^from __future__", text, re.MULTILINE)
    assert '"list[str]"' in text, "newer annotations are text"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("pip._vendor.urllib3.exceptions.NewConnectionError: Failed to establish", "check the network"),
        ("Could not find a version that satisfies the requirement x (from versions: none)", "check the network"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "what is locked in requirements/"),
    ],
)
def test_what_pip_says_becomes_a_sentence(output: str, says: str) -> None:
    assert says in bootstrap.explain(output)


def test_a_python_without_venv_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr("tools.bootstrap.sys.executable", "/bin/false")
    with pytest.raises(SystemExit):
        bootstrap.make_venv()
    assert "python3-venv" in refusal(capsys)


def test_help_needs_nothing_and_names_every_target() -> None:
    done = subprocess.run(  # noqa: S603 -- our own file
        [sys.executable, str(ROOT / "tools" / "bootstrap.py"), "help"], capture_output=True, text=True, check=True
    )
    named = set(re.findall(r"make ([a-z-]+)", done.stdout))
    assert {"demo", "dev", "serve", "test", "check", "docs", "deploy", "audit", "setup", "clean"} <= named
    assert "node_modules" not in done.stdout
