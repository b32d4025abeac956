"""What a Worker may weigh: the platform refuses what is too large, and ends what takes too much memory."""

from pathlib import Path

import pytest

from bench.parts.weight import WORKERS, imports, upload_bytes, wasm_heaps
from tests.e2e.deployment import Team
from tests.e2e.seat import Sit

ROOT = Path(__file__).resolve().parent.parent.parent
UPLOAD_LIMIT_BYTES = 12_000_000
HEAP_LIMIT_BYTES = 64 * 2**20
MESSAGES = 200


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_uploads_at_most_12_mb(team: Team, worker: str) -> None:
    del team  # the Workers were assembled when the stack was started
    assert upload_bytes(ROOT, worker) <= UPLOAD_LIMIT_BYTES


@pytest.mark.parametrize("worker", WORKERS)
def test_packages_come_compiled_and_own_code_takes_at_most_twice_as_long_to_import(
    team: Team, tmp_path: Path, worker: str
) -> None:
    """Both are timed in one run, so that a slow machine is slow with both."""
    del team
    took = imports(ROOT, worker, tmp_path / "cold")
    assert took.packages_compiled == 0
    assert took.own_s <= 2 * took.packages_s, f"{worker} imports more than it should: {took}"


async def test_no_python_heap_outgrows_64_mib(team: Team, sit: Sit) -> None:
    ada = await sit("ada", team.new_group())
    for number in range(MESSAGES):
        await ada.say(f"message {number}")
    await ada.say("@scribe sum up, please")
    await ada.until_type("run.finished")
    heaps = wasm_heaps(Path(f"/proc/{team.deployment.stack.runtime_pid}/maps"))
    # One for each Worker that has been asked for something.
    assert len(heaps) >= len(WORKERS)
    assert max(heaps) <= HEAP_LIMIT_BYTES
