"""What `wrangler deploy` reads: production flags only, and each Worker with exactly the bindings it uses."""

import tomllib
from typing import Any

import pytest

from tests.layout.sources import ROOT

TEXT = (ROOT / "wrangler.toml").read_text()
CONFIG: dict[str, Any] = tomllib.loads(TEXT)
BINDINGS = {
    "app": {"DB", "ARCHIVES", "ORCHESTRATOR", "ASSETS", "RATE_LIMITER", "WEBHOOK_OUTBOX"},
    "orchestrator": {
        "DB",
        "ARCHIVES",
        "AGENTS",
        "GROUP_CONTROLLER",
        "REPLAY_GUARD",
        "RATE_LIMITER",
        "WEBHOOK_OUTBOX",
    },
    "agents": {"REPLAY_GUARD", "RUN_BUFFER"},
}
OBJECT_CLASSES = {
    "app": set[str](),
    "orchestrator": {"GroupController", "ReplayGuard", "RateLimiter", "WebhookOutbox"},
    "agents": {"ReplayGuard", "RunBuffer"},
}
DEVELOPMENT_FLAGS = ("python_workers_development", "experimental", "unsafe", "no_python_workers")
WORKERS = sorted(BINDINGS)


def bindings(worker: dict[str, Any]) -> set[str]:
    rows = [
        *worker.get("d1_databases", []),
        *worker.get("r2_buckets", []),
        *worker.get("services", []),
        *([worker["assets"]] if "assets" in worker else []),
    ]
    objects = worker.get("durable_objects", {}).get("bindings", [])
    return {row["binding"] for row in rows} | {row["name"] for row in objects}


def test_there_are_exactly_the_three_workers() -> None:
    assert sorted(CONFIG["env"]) == WORKERS


@pytest.mark.parametrize("flag", DEVELOPMENT_FLAGS)
def test_no_development_flag_is_deployed(flag: str) -> None:
    everywhere = [CONFIG, *CONFIG["env"].values()]
    assert not [known for part in everywhere for known in part.get("compatibility_flags", []) if known == flag]
    assert "python_workers_development" not in TEXT


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_is_deployed_from_what_was_assembled_for_it(worker: str) -> None:
    assert CONFIG["env"][worker]["main"] == f"build/{worker}/entry.py"
    assert CONFIG["env"][worker]["name"] == f"parley-{worker}"


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_has_its_bindings_and_no_others(worker: str) -> None:
    assert bindings(CONFIG["env"][worker]) == BINDINGS[worker]


@pytest.mark.parametrize("worker", WORKERS)
def test_every_durable_object_class_was_migrated_in(worker: str) -> None:
    config = CONFIG["env"][worker]
    rows = config.get("durable_objects", {}).get("bindings", [])
    bound = {row["class_name"] for row in rows if "script_name" not in row}
    made = {name for migration in config.get("migrations", []) for name in migration["new_sqlite_classes"]}
    assert bound == made == OBJECT_CLASSES[worker]


@pytest.mark.parametrize("worker", WORKERS)
def test_what_is_deployed_says_that_it_is_production(worker: str) -> None:
    assert CONFIG["env"][worker]["vars"]["ENVIRONMENT"] == "production"


def test_no_secret_is_written_down_as_a_variable() -> None:
    secrets = {"SIGNING_KEY", "SIGNING_KEYS", "OPERATOR_TOKEN"}
    assert not [worker for worker in WORKERS if secrets & set(CONFIG["env"][worker]["vars"])]
