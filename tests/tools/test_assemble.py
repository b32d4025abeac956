from pathlib import Path

import pytest

from tools.assemble import BYTECODE, CACHE_TAG, assemble, bytecode_name


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, content in {
        "workers/app/entry.py": "app entry",
        "workers/app/api.py": "app api",
        "workers/app/web/index.html": "<h1>",
        "clients/js/parley.js": "client",
        "clients/js/package.json": "not for the page",
        "workers/app/migrations/0001_init.sql": "CREATE",
        "workers/orchestrator/entry.py": "orchestrator entry",
        "workers/agents/entry.py": "agents entry",
        "workers/agents/providers/echo.py": "echo",
        "durable_objects/group.py": "group",
        "durable_objects/replay_guard.py": "guard",
        "shared/ids.py": "ids",
        "docs/api/app.openapi.json": "{app}",
        "docs/api/orchestrator.openapi.json": "{orchestrator}",
        "docs/api/asyncapi.json": "{socket}",
        "node_modules/swagger-ui-dist/swagger-ui.css": "viewer",
        "node_modules/swagger-ui-dist/package.json": "not for the page",
        "shared/__pycache__/ids.cpython-311.py": "cached",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def contents(build: Path) -> dict[str, str]:
    return {path.relative_to(build).as_posix(): path.read_text() for path in build.rglob("*") if path.is_file()}


def test_each_worker_gets_its_own_code_and_what_it_shares(checkout: Path) -> None:
    assemble(checkout)

    assert contents(checkout / "build") == {
        "app/entry.py": "app entry",
        "app/app/api.py": "app api",
        "app/shared/ids.py": "ids",
        "orchestrator/entry.py": "orchestrator entry",
        "orchestrator/shared/ids.py": "ids",
        "orchestrator/durable_objects/group.py": "group",
        "orchestrator/durable_objects/replay_guard.py": "guard",
        "agents/entry.py": "agents entry",
        "agents/agents/providers/echo.py": "echo",
        "agents/shared/ids.py": "ids",
        "agents/durable_objects/replay_guard.py": "guard",
        "web/index.html": "<h1>",
        "web/parley/parley.js": "client",
        "web/openapi.json": "{app}",
        "web/asyncapi.json": "{socket}",
        "web/docs/viewer/swagger-ui.css": "viewer",
    }


def test_nothing_is_written_when_nothing_changed(checkout: Path) -> None:
    assemble(checkout)
    before = {path: path.stat().st_mtime_ns for path in (checkout / "build").rglob("*")}

    assert assemble(checkout) == []
    assert {path: path.stat().st_mtime_ns for path in (checkout / "build").rglob("*")} == before


def compile_for(checkout: Path, place: str, source: str) -> None:
    """As set-up does it, for a source of that content at that place in a Worker."""
    store = checkout / BYTECODE
    store.mkdir(parents=True, exist_ok=True)
    (store / bytecode_name(place, source.encode())).write_text(f"bytecode of {source}")


def test_bytecode_lies_beside_the_very_source_that_it_was_made_of(checkout: Path) -> None:
    compile_for(checkout, "shared/ids.py", "ids")
    compile_for(checkout, "app/api.py", "another api")
    compile_for(checkout, "app/app/api.py", "app api")
    assemble(checkout)
    bytecode = {name: text for name, text in contents(checkout / "build").items() if name.endswith(".pyc")}
    assert bytecode == {
        f"{worker}/shared/__pycache__/ids.{CACHE_TAG}.pyc": "bytecode of ids"
        for worker in ("app", "orchestrator", "agents")
    }


def test_bytecode_goes_when_its_source_changes(checkout: Path) -> None:
    compile_for(checkout, "shared/ids.py", "ids")
    assemble(checkout)
    (checkout / "shared/ids.py").write_text("new")
    assemble(checkout)
    assert not list((checkout / "build").rglob("*.pyc"))


def test_only_what_changed_is_written(checkout: Path) -> None:
    assemble(checkout)
    (checkout / "workers/app/api.py").write_text("new")

    assert assemble(checkout) == [Path("app/app/api.py")]
    assert contents(checkout / "build")["app/app/api.py"] == "new"


def test_what_is_gone_from_the_sources_is_removed(checkout: Path) -> None:
    assemble(checkout)
    (checkout / "workers/agents/providers/echo.py").unlink()
    (checkout / "workers/app/web/index.html").unlink()

    assert assemble(checkout) == [Path("agents/agents/providers/echo.py"), Path("web/index.html")]
    assert not (checkout / "build/agents/agents").exists()
    assert (checkout / "build/web").is_dir()


def test_a_file_may_become_a_package_and_back(checkout: Path) -> None:
    module, package = checkout / "shared/ids.py", checkout / "shared/ids.py.bak"
    assemble(checkout)
    module.rename(package)
    module.mkdir()
    (module / "deep.py").write_text("deep")
    assemble(checkout)

    assert contents(checkout / "build")["app/shared/ids.py/deep.py"] == "deep"


def test_a_package_called_workers_is_refused(checkout: Path) -> None:
    (checkout / "workers/__init__.py").touch()

    with pytest.raises(SystemExit, match="SDK"):
        assemble(checkout)
