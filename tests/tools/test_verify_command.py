import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.clients import wire
from tests.tools.archives import Written, pack
from tools.console import ToolError
from tools.es256 import new_private_key
from tools.verify_command import app

WRITTEN = Written(tuple(wire.event(seq).encode() for seq in range(1, 6)), new_private_key(), new_private_key())


def says(folder: Path, written: Written, packed: bytes) -> tuple[int, str]:
    (folder / "epo_1.ndjson.gz").write_bytes(packed)
    (folder / "epo_1.manifest.json").write_text(json.dumps(written.manifest))
    (folder / "jwks.json").write_text(json.dumps(WRITTEN.jwks()))
    done = CliRunner().invoke(app, [str(folder / "epo_1.ndjson.gz"), "--jwks", str(folder / "jwks.json")])
    return done.exit_code, done.output


def test_a_whole_archive_is_told_with_who_vouches_for_it(tmp_path: Path) -> None:
    code, told = says(tmp_path, WRITTEN, WRITTEN.packed)
    assert code == 0
    for part in ("5 events of grp_1", WRITTEN.manifest["head"], "gc_1", WRITTEN.root.thumbprint):
        assert part in told


def test_a_changed_archive_is_told_with_its_first_bad_event(tmp_path: Path) -> None:
    lines = (*WRITTEN.lines[:3], WRITTEN.lines[3].replace(b"message 4", b"massage 4"), WRITTEN.lines[4])
    code, told = says(tmp_path, WRITTEN, pack(lines))
    assert code == 1
    assert "first at seq 4" in told


def test_an_archive_under_other_keys_is_not_whole(tmp_path: Path) -> None:
    stranger = replace(WRITTEN, root=new_private_key())
    assert says(tmp_path, stranger, stranger.packed)[0] == 1


@pytest.mark.parametrize("missing", ["epo_1.ndjson.gz", "epo_1.manifest.json", "jwks.json"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, missing: str) -> None:
    says(tmp_path, WRITTEN, WRITTEN.packed)
    (tmp_path / missing).unlink()
    arguments = [str(tmp_path / "epo_1.ndjson.gz"), "--jwks", str(tmp_path / "jwks.json")]
    failure = CliRunner().invoke(app, arguments).exception
    assert isinstance(failure, ToolError)
    assert missing in str(failure)


def test_a_groups_archive_takes_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_TOKEN", raising=False)
    failure = CliRunner().invoke(app, ["grp_1", "--jwks", "x"]).exception
    assert isinstance(failure, ToolError)
    assert "PARLEY_TOKEN" in str(failure)
