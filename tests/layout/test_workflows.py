"""What runs in GitHub's name may do little, and is pinned."""

import re

import pytest

from tests.layout.sources import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("name", [path.name for path in WORKFLOWS])
def test_a_workflow_reads_the_checkout_and_writes_nothing(name: str) -> None:
    text = (ROOT / ".github" / "workflows" / name).read_text()
    assert re.findall(r"^permissions:\n((?:  .*\n)+)", text, re.MULTILINE) == ["  contents: read\n"]
    assert "pull_request_target" not in text


@pytest.mark.parametrize("name", [path.name for path in WORKFLOWS])
def test_actions_are_githubs_own_and_have_a_version(name: str) -> None:
    used = re.findall(r"uses: (\S+)", (ROOT / ".github" / "workflows" / name).read_text())
    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", action)] == []


def test_only_the_deployment_sees_secrets() -> None:
    assert [path.name for path in WORKFLOWS if "secrets." in path.read_text()] == ["deploy.yml"]


def test_every_deployment_can_be_chosen() -> None:
    options = re.search(r"options: \[(.*)\]", (ROOT / ".github" / "workflows" / "deploy.yml").read_text())
    assert options is not None
    described = {path.stem for path in (ROOT / "deployments").glob("*.toml")}
    assert set(options[1].split(", ")) == described
