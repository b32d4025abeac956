import pytest

from tests.tools.deploy.deployments import deployment
from tools.deploy.plan import Ensure, MakeKeys, Migrate, Publish, PutSecret, Step, plan, rehearsal


def titles(*given: str) -> list[str]:
    return [step.title for step in plan(deployment(), given)]


def test_what_others_depend_on_comes_first() -> None:
    steps = plan(deployment(), ["OPENAI_API_KEY"])
    kinds = [type(step).__name__ for step in steps]
    assert kinds == [
        *("Ensure", "Ensure", "Migrate", "MakeKeys", "PutSecret", "Publish", "Publish", "Publish"),
        *("AskHealth", "AskHealth", "AskHealth", "AskEveryPart", "BeginOrg"),
    ]
    assert [step.worker for step in steps if isinstance(step, Publish)] == ["agents", "orchestrator", "app"]


def test_a_secret_is_put_in_only_when_there_is_a_value_for_it() -> None:
    assert "Secret OPENAI_API_KEY of agents" in titles("OPENAI_API_KEY", "HOME")
    assert not any("Secret" in title for title in titles("HOME"))


@pytest.mark.parametrize(
    ("output", "listed"),
    [
        ('[{"name": "harbour"}]', True),
        ("Listing buckets...\nname:           harbour\ncreation_date:  2026-01-01", True),
        ('[{"name": "harbour-staging"}, {"name": "old-harbour"}]', False),
        ("[]", False),
    ],
)
def test_a_thing_is_there_when_it_is_listed_by_its_whole_name(output: str, listed: bool) -> None:
    assert Ensure("Database", "harbour", ("look",), ("make",)).is_listed(output) is listed


@pytest.mark.parametrize(
    ("step", "command"),
    [
        (Publish("", "app"), ("deploy", "-e", "app", "--dry-run")),
        (Migrate(""), ("d1", "migrations", "apply", "DB", "-e", "app", "--local", "--persist-to", "/scratch")),
        (MakeKeys(""), None),
        (PutSecret("", "agents", "OPENAI_API_KEY"), None),
    ],
)
def test_a_rehearsal_never_reaches_the_account(step: Step, command: tuple[str, ...] | None) -> None:
    assert rehearsal(step, "/scratch") == command
