"""`make deploy` as far as it goes without an account: the real wrangler, and nothing sent anywhere."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.layout.sources import ROOT
from tests.tools.deploy.deployments import FILE, deployment
from tools import keys
from tools.console import ToolError
from tools.deploy.files import write_configuration
from tools.deploy.main import DeploymentKeys, deploy, rehearse, secrets_there, unready
from tools.deploy.plan import plan
from tools.deploy.target import Deployment
from tools.deploy.wrangler import reason, wrangler

# What wrangler 4.164 says.
NOT_FOUND = """✘ [ERROR] Worker "harbour-agents" (env: agents) not found.
  If this is a new Worker, run `wrangler deploy` first to create it."""
PLACEHOLDERS = {"origins": {name: f"https://{name}.parley.example" for name in FILE["origins"]}}


class Told:
    """A wrangler that notes what it was told; `secrets` is its listing, `refusal` what it says to everything."""

    def __init__(self, secrets: str = "[]", refusal: str | None = None) -> None:
        self.told: list[str] = []
        self.given: list[str] = []
        self._secrets = secrets
        self._refusal = refusal

    def __call__(self, arguments: Sequence[str], given: str) -> str:
        if self._refusal is not None:
            raise ToolError(self._refusal)
        if arguments[:2] == ("secret", "list"):
            return self._secrets
        self.told.append(" ".join(arguments))
        self.given.append(given)
        return ""


@pytest.fixture
def config() -> Iterator[Path]:
    path = write_configuration(ROOT, Deployment.parse("rehearsed", FILE))
    yield path
    path.unlink()


def test_a_rehearsal_tries_every_upload_and_every_migration(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rehearse(plan(deployment(), ["OPENAI_API_KEY"]), deployment(), wrangler(ROOT, config), ["OPENAI_API_KEY"])
    shown = capsys.readouterr().out
    assert shown.count("Worker harbour-") == shown.count("KiB / gzip") == 3
    assert "Database migrations" in shown
    assert "before a real deployment" not in shown


def test_everything_that_stands_against_a_deployment_is_said_at_once() -> None:
    problems = unready(deployment(**PLACEHOLDERS), [], lambda: "")
    assert [line.split(":")[0] for line in problems] == ["deployments/production.toml"] * 3 + ["secret OPENAI_API_KEY"]


@pytest.mark.parametrize(("given", "listed"), [(["OPENAI_API_KEY"], ""), ([], '[{"name": "OPENAI_API_KEY"}]')])
def test_a_secret_is_given_now_or_is_there_already(given: list[str], listed: str) -> None:
    assert unready(deployment(), given, lambda: listed) == []


def test_placeholders_are_never_deployed() -> None:
    with pytest.raises(ToolError, match=r"origins\.app is still a placeholder"):
        deploy(ROOT, {"ENV": "staging"})
    (ROOT / "wrangler.staging.json").unlink()


def test_a_worker_that_is_not_there_yet_has_no_secrets() -> None:
    for refusal in (NOT_FOUND, "This Worker does not exist on your account. [code: 10007]"):
        assert secrets_there(Told(refusal=refusal), "agents") == ""
    with pytest.raises(ToolError, match="out of reach"):
        secrets_there(Told(refusal="out of reach"), "agents")


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN", "wrangler login"),
        ("FetchError: getaddrinfo ENOTFOUND api.cloudflare.com", "network"),
        ("one\ntwo\nSomething \x1b[31mof its\x1b[0m own", "wrangler d1 list failed(.|\n)*two\nSomething of its own"),
    ],
)
def test_what_wrangler_says_becomes_a_sentence(output: str, says: str) -> None:
    assert re.search(says, reason(("d1", "list", "--json"), output))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keys, "ROOT", tmp_path)
    return tmp_path


def test_keys_are_made_once_and_only_where_there_are_none(root: Path) -> None:
    run, elsewhere = Told(), Told(secrets='[{"name": "SIGNING_KEYS"}]')
    assert "another machine" in DeploymentKeys("harbour", elsewhere).ensure()
    assert elsewhere.told == []
    assert "made" in DeploymentKeys("harbour", run).ensure()
    token = DeploymentKeys("harbour", run).operator_token()
    assert "secret put SIGNING_KEYS -e orchestrator" in run.told
    assert token in run.given
    told = len(run.told)
    assert "kept" in DeploymentKeys("harbour", run).ensure()
    assert len(run.told) == told
    assert DeploymentKeys("harbour", run).operator_token() == token
    assert list((root / ".local").rglob("keyring.json"))
