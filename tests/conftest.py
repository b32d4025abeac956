"""The whole stack on the real runtime, started once for all tests; each test has an org of its own in it."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment, Team
from tests.e2e.issuer import ORG_ID, running_issuer
from tests.e2e.scripted import Script, models
from tests.probe.folder import lay_out
from tools.local import local_keys, overrides, register_app_key
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent


ON_THE_RUNTIME = tuple(ROOT / "tests" / name for name in ("e2e", "web"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-examples", type=int, default=2, help="how many requests Schemathesis thinks of a call")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Plain Python first, then the real runtime; last of all what searches the traces that the others have left."""
    for item in items:
        if any(item.path.is_relative_to(place) for place in ON_THE_RUNTIME):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: (item.get_closest_marker("e2e") is not None, item.path.name == "test_canary.py"))


@pytest.fixture(scope="session")
def actors() -> Iterator[tuple[Script, str]]:
    with models() as running:
        yield running


@pytest.fixture(scope="session")
def script(actors: tuple[Script, str]) -> Script:
    """What was asked of the models of the provider `script`, which do as their names say."""
    return actors[0]


@pytest.fixture(scope="session")
def deployment(actors: tuple[Script, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    keys = local_keys(tmp_path_factory.mktemp("keys"))
    ports = Ports(0, 0, 0).resolve()
    lines: list[str] = []
    people = json.dumps([{"name": "Nobody", "token": "prl_" + secrets.token_urlsafe(32)}])
    told = overrides(keys, ports, people)
    told["agents"] |= {
        "PROVIDERS": json.dumps([{"name": "script", "base_url": actors[1]}]),
        "FETCH_ALLOWED_HOSTS": "prices.test",
        "ASK_FIRST": "fetch_url",
    }
    with (
        running_issuer() as issuer,
        Stack.start(
            root=ROOT,
            ports=ports,
            state_dir=None,
            overrides={**told, "app": {**told["app"], **issuer.settings}},
            beside={"probe": lay_out(tmp_path_factory.mktemp("probe"))},
            on_log=lambda _, text: lines.append(text),
        ) as stack,
    ):
        stack.migrate()
        register_app_key(stack, keys)
        stack.query("INSERT INTO orgs (id, name, created_at) VALUES (?, ?, ?)", ORG_ID, "Navy", "2026-01-01")
        yield Deployment(stack, keys, lines, issuer)


@pytest.fixture
def team(deployment: Deployment) -> Team:
    """A fresh org: Ada owns it, Ben and Cleo are in it, the scribe is there."""
    return deployment.new_team()
