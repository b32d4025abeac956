"""What the advisories say is told as it is; a question without an answer is not taken for a good one."""

import json
from pathlib import Path

import pytest

from tests.layout.sources import ROOT
from tools.audit import locks, npm_verdict, python_verdict

FINE = {"name": "good", "version": "1", "vulns": []}
WEAK = {"name": "bad", "version": "2", "vulns": [{"id": "CVE-2026-1"}]}
SKIPPED = {"name": "ugly", "skip_reason": "Dependency not found on PyPI and could not be audited: ugly (3)"}


def asked(code: int, printed: object, said: str = "") -> tuple[str, str]:
    text = printed if isinstance(printed, str) else json.dumps({"dependencies": printed})
    verdict = python_verdict(Path("/nowhere"), "worker", lambda _: (code, text, said))
    return verdict.state, verdict.detail


def test_every_lock_file_is_asked_about() -> None:
    assert {"worker", "dev", "node", "audit"} <= set(locks(ROOT))


def test_packages_that_nothing_is_known_of_are_clean() -> None:
    assert asked(0, [FINE]) == ("clean", "1 packages")


def test_what_is_known_is_told_by_name_and_number() -> None:
    assert asked(1, [FINE, WEAK, SKIPPED]) == ("known weaknesses", "bad 2: CVE-2026-1")


@pytest.mark.parametrize(
    ("code", "printed", "said"),
    [
        (0, [FINE, SKIPPED], ""),
        (0, [SKIPPED], "No known vulnerabilities found"),
        (1, "", "ConnectionError: no route"),
        (1, [FINE], "no route"),
        (0, "null", ""),
    ],
)
def test_what_could_not_be_asked_is_unknown(code: int, printed: object, said: str) -> None:
    state, detail = asked(code, printed, said)
    assert state == "unknown"
    assert detail


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 90}}}, "clean"),
        ({"vulnerabilities": {"ws": {"severity": "high"}}}, "known weaknesses"),
        ({"statusCode": 405, "error": {"summary": ""}}, "unknown"),
        ("not json", "unknown"),
    ],
)
def test_npm_is_believed_only_when_it_answers_the_question(answer: object, state: str) -> None:
    assert npm_verdict(ROOT, lambda _: (1, json.dumps(answer), "")).state == state
