import stat
from pathlib import Path

import pytest

from parley.cli.failures import CommandFailed
from parley.cli.profiles import Profile, chosen, config_path, load, save

ADA = Profile("https://parley.example", "prl_ada")


def test_the_file_lies_where_the_environment_says(tmp_path: Path) -> None:
    assert config_path({"PARLEY_CONFIG": "/x/y.json", "HOME": "/h"}) == Path("/x/y.json")
    assert config_path({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/parley/profiles.json")
    assert config_path({"HOME": "/h"}) == Path("/h/.config/parley/profiles.json")
    assert load(tmp_path / "none.json") == {}


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "profiles.json"
    save(path, {"default": ADA})
    assert load(path) == {"default": ADA}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    save(path, {"default": ADA})
    path.chmod(0o640)
    with pytest.raises(CommandFailed, match="chmod 600"):
        load(path)


@pytest.mark.parametrize("text", ["{", "[]", '{"default":{}}', '{"default":3}'])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profiles.json"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(CommandFailed, match=r"profiles\.json cannot be read"):
        load(path)


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    save(path, {"default": ADA})
    named = {"PARLEY_CONFIG": str(path)}
    assert chosen(named, "default") == ADA
    both = {"PARLEY_URL": "https://other.example", "PARLEY_TOKEN": "prl_x"}
    assert chosen(named | both, "default") == Profile("https://other.example", "prl_x")
    assert chosen(named | {"PARLEY_URL": "https://other.example"}, "default") == ADA
