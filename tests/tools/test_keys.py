import itertools
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools import keys
from tools.console import ToolError
from tools.follow_keys import following
from tools.key_steps import private_file
from tools.local import LocalKeys, local_keys

PATIENCE_S = 20.0


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keys, "ROOT", tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(keys.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_dry_run_keeps_nothing_and_shows_no_secret(root: Path) -> None:
    shown = run("create", "--dry-run")
    assert files(root) == {}
    assert "wrangler secret put SIGNING_KEYS -e orchestrator" in shown
    assert '"d"' not in shown
    assert "prl_operator" not in shown


def test_a_local_rotation_publishes_waits_and_signs(root: Path) -> None:
    folder = root / ".local" / "keys"
    before = local_keys(folder)
    run("rotate", "--env", "local", "--lead-s", "0")
    after = local_keys(folder)
    assert after.app != before.app
    assert after.orchestrator.keys[1:] == before.orchestrator.keys
    assert {key.thumbprint for key in after.app_published} == {before.app.thumbprint, after.app.thumbprint}
    run("rotate", "app", "--env", "local", "--lead-s", "0")
    assert local_keys(folder).orchestrator == after.orchestrator


def test_a_local_key_that_was_stolen_is_replaced_and_the_other_stays(root: Path) -> None:
    folder = root / ".local" / "keys"
    before = local_keys(folder)
    shown = run("revoke", "orchestrator", "--env", "local")
    after = local_keys(folder)
    assert (after.app, len(after.orchestrator.keys)) == (before.app, 1)
    assert after.orchestrator.keys[0].thumbprint in shown
    assert after.orchestrator.keys[0] not in before.orchestrator.keys
    run("revoke", "app", "--env", "local")
    assert [key.thumbprint for key in local_keys(folder).app_published] == [local_keys(folder).app.thumbprint]


def test_what_is_under_way_is_finished_first(root: Path) -> None:
    local_keys(root / ".local" / "keys")
    with keys.steps_of("local", dry_run=False) as steps:
        steps.begin("app")
    before = files(root)
    with pytest.raises(ToolError, match="under way"):
        run("rotate", "app", "--env", "local")
    run("advance", "--env", "local", "--dry-run", "--lead-s", "0")
    assert files(root) == before
    run("advance", "--env", "local", "--lead-s", "0")
    with keys.steps_of("local", dry_run=False) as steps:
        assert steps.load().app.successor is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "--env", "local"), "first start"),
        (("create", "--env", "../x"), "no name"),
        (("create", "--env", ""), "no name"),
        (("rotate", "--env", "production", "--lead-s", "1"), "ten minutes"),
        (("rotate", "agents", "--env", "local"), "none of agents"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(root: Path, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(ToolError, match=says):
        run(*arguments)
    assert not [name for name in files(root) if "keyring" in name]


def test_a_deployment_without_keys_is_told_how_to_get_some(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.exists()
    monkeypatch.setattr("sys.argv", ["keys", "status", "--env", "staging"])
    with pytest.raises(ToolError, match="keys create"):
        keys.main()


# ── a running deployment follows ────────────────────────────────────────────────────────────────────────────────────


class Follower:
    """Notes what it was told, in order; `fails` makes the first telling fail."""

    def __init__(self, *, fails: bool = False) -> None:
        self.told: list[tuple[str, str]] = []
        self.heard = threading.Event()
        self._fails = itertools.chain([fails], itertools.repeat(False))

    def register(self, keys: LocalKeys) -> None:
        if next(self._fails):
            raise ToolError("not now")
        self.told.append(("registered", keys.app.thumbprint))

    def configure(self, keys: LocalKeys) -> None:
        self.told.append(("configured", keys.app.thumbprint))
        self.heard.set()


@pytest.mark.parametrize("fails", [False, True])
def test_a_running_deployment_takes_up_its_keys_the_directory_first(tmp_path: Path, fails: bool) -> None:
    folder = tmp_path / "keys"
    present, other, said = local_keys(folder), local_keys(tmp_path / "other"), list[str]()
    follower = Follower(fails=fails)
    with following(folder, present, follower, said.append):
        private_file(folder / "app.jwk.json", other.app.model_dump_json())
        assert follower.heard.wait(PATIENCE_S)
    assert follower.told == [("registered", other.app.thumbprint), ("configured", other.app.thumbprint)]
    assert ["not taken up" in line for line in said] == [True, False][not fails :]
