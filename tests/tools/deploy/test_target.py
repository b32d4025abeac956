import json
import tomllib
from typing import Any

import pytest

from tests.layout.sources import ROOT
from tests.tools.deploy.deployments import FILE, deployment
from tools.console import ToolError
from tools.deploy.files import deployment_named
from tools.deploy.target import WORKERS, Deployment, configuration

TEXT = (ROOT / "wrangler.toml").read_text()
TEMPLATE: dict[str, Any] = tomllib.loads(TEXT)
COUNTING: dict[str, Any] = tomllib.loads(TEXT.replace("# analytics_engine_datasets =", "analytics_engine_datasets ="))
OURS = sorted(path.stem for path in (ROOT / "deployments").glob("*.toml"))


def test_production_as_it_is_shipped_is_wrangler_toml_but_for_addresses() -> None:
    made = configuration(TEMPLATE, deployment_named(ROOT, "production"))
    for worker in made["env"].values():
        worker.pop("routes")
        worker.pop("workers_dev")
    assert made == TEMPLATE


@pytest.mark.parametrize("name", OURS)
def test_what_is_shipped_names_its_environment_and_has_only_its_addresses_to_fill_in(name: str) -> None:
    shipped = deployment_named(ROOT, name)
    assert shipped.environment == name
    assert shipped.placeholders() == [f"origins.{worker}" for worker in WORKERS]


def test_two_deployments_share_nothing_in_the_account() -> None:
    def names(name: str) -> set[str]:
        made = configuration(COUNTING, deployment_named(ROOT, name))["env"]
        assert {row["binding"] for worker in made.values() for row in worker["analytics_engine_datasets"]} == {
            "METRICS"
        }
        tables = [
            row for worker in made.values() for table in worker.values() if isinstance(table, list) for row in table
        ]
        kinds = ("database_name", "bucket_name", "service", "dataset", "pattern", "script_name")
        tables += [row for worker in made.values() for row in worker.get("durable_objects", {}).get("bindings", [])]
        return {row[kind] for row in tables for kind in kinds if kind in row} | {made[w]["name"] for w in WORKERS}

    assert names("production") & names("staging") == set()


def test_every_origin_reaches_every_worker_that_has_it_as_a_setting() -> None:
    made = configuration(TEMPLATE, deployment())["env"]
    assert made["app"]["vars"]["ORCHESTRATOR_ORIGIN"] == FILE["origins"]["orchestrator"]
    assert made["orchestrator"]["vars"]["ALLOWED_ORIGINS"] == FILE["origins"]["app"]
    assert ".example" not in json.dumps(made)


def test_a_host_of_ones_own_becomes_a_custom_domain() -> None:
    made = configuration(TEMPLATE, deployment())["env"]
    assert made["app"]["routes"] == [{"pattern": "chat.harbour.test", "custom_domain": True}]
    assert made["app"]["workers_dev"] is False
    assert made["agents"]["workers_dev"] is True
    assert "routes" not in made["agents"]


def test_settings_of_a_deployment_win_over_the_common_ones() -> None:
    assert "openai" in configuration(TEMPLATE, deployment())["env"]["agents"]["vars"]["PROVIDERS"]


def test_the_secrets_of_model_providers_are_known_by_name() -> None:
    assert deployment().provider_secrets() == ["OPENAI_API_KEY"]
    assert deployment(vars={}).provider_secrets() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"origins": {"app": "http://plain.test"}}, "origins.app"),
        ({"origins": {**FILE["origins"], "app": "https://a.test/path"}}, "origins.app"),
        ({"prefix": "Über"}, "prefix"),
        ({"vars": {"web": {}}}, "vars.web"),
        ({"secrets": {}}, "secrets"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_the_place(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ToolError, match=says):
        Deployment.parse("production", FILE | change)


def test_providers_that_are_no_list_are_refused() -> None:
    with pytest.raises(ToolError, match="PROVIDERS"):
        deployment(vars={"agents": {"PROVIDERS": "openai"}}).provider_secrets()


def test_a_deployment_that_is_not_described_is_told_which_are() -> None:
    with pytest.raises(ToolError, match="production, staging"):
        deployment_named(ROOT, "nowhere")
