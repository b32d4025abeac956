"""Both runtimes decide alike: `cryptography` under CPython here, node:crypto inside the Worker there."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.e2e.deployment import Deployment
from tests.probe.vectors import edges, hostile_cases, published, request_cases
from tests.probe.verdicts import ACCEPTED, Case, judge
from tests.shared.hostile import ES256

BATCH = 400
GOOD_KINDS = 4

Vectors = Callable[[], Iterator[tuple[str, Case, str]]]
Probe = Callable[[list[Case]], list[str]]


@pytest.fixture
def probe(deployment: Deployment) -> Probe:
    def ask(cases: list[Case]) -> list[str]:
        verdicts: list[str] = []
        for at in range(0, len(cases), BATCH):
            batch = json.dumps(cases[at : at + BATCH])
            verdicts += httpx.post(deployment.origin("probe"), content=batch, timeout=60).raise_for_status().json()
        return verdicts

    return ask


async def compared(probe: Probe, cases: dict[str, Case]) -> dict[str, str]:
    """What both say. Fails where they differ."""
    inside = probe(list(cases.values()))
    outside = [await judge(ES256, case) for case in cases.values()]
    differing = [(name, here, there) for name, here, there in zip(cases, outside, inside, strict=True) if here != there]
    assert not differing, f"{len(differing)} verdicts differ: {differing[:10]}"
    return dict(zip(cases, outside, strict=True))


@pytest.mark.parametrize("vectors", [published, edges, request_cases], ids=lambda vectors: vectors.__name__)
async def test_both_give_the_answer_that_is_known(probe: Probe, vectors: Vectors) -> None:
    known = list(vectors())
    cases = {name: case for name, case, _ in known}
    assert len(cases) == len(known), "every case has a name of its own"

    assert await compared(probe, cases) == {name: answer for name, _, answer in known}


async def test_both_refuse_every_hostile_token_for_the_same_reason(probe: Probe) -> None:
    verdicts = await compared(probe, dict(hostile_cases()))
    accepted = [name for name, verdict in verdicts.items() if verdict == ACCEPTED]

    assert [name for name in accepted if not name.endswith((" good", " malleated"))] == []
    assert len(accepted) == 2 * GOOD_KINDS
