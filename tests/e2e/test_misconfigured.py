"""A deployment that was told something wrong says so to its operator, and nothing of it to anybody else."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools.local import local_keys, overrides
from tools.stack import Ports, Stack

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "neither-a-key-nor-anything-else"
WRONG = {
    "app": ({"OPERATOR_TOKEN": SECRET[:10], "APP_ORIGIN": "https://app.parley.example"}, "APP_ORIGIN"),
    "orchestrator": ({"SIGNING_KEYS": SECRET}, "SIGNING_KEYS"),
    "agents": ({"PROVIDERS": f'[{{"name":"mine","base_url":"http://{SECRET}"}}]'}, "PROVIDERS"),
}


@pytest.fixture(scope="module")
def misled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, list[str]]]:
    ports, lines = Ports(0, 0, 0).resolve(), list[str]()
    told = overrides(local_keys(tmp_path_factory.mktemp("keys")), ports)
    wrong = {worker: told[worker] | values for worker, (values, _) in WRONG.items()}
    with Stack.start(
        root=ROOT, ports=ports, state_dir=None, overrides=wrong, on_log=lambda _, text: lines.append(text)
    ) as stack:
        yield stack, lines


@pytest.mark.parametrize("worker", WRONG)
def test_a_worker_that_is_told_something_wrong_refuses_and_names_it_in_its_log(
    misled: tuple[Stack, list[str]], worker: str
) -> None:
    stack, lines = misled
    answer = httpx.get(stack.origins[worker] + "/healthz", timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "misconfigured")
    name = WRONG[worker][1]
    assert name not in answer.text
    said = [line for line in map(json.loads, filter(is_structured, lines)) if line["worker"] == worker]
    assert any(line["event"] == "misconfigured" and name in line["reason"] for line in said)
    assert not [line for line in lines if SECRET in line]


def is_structured(line: str) -> bool:
    return line.startswith('{"time"')
