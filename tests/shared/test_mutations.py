"""The whole table of hostile tokens, against the verifier alone; tests/e2e sends the same over the wire."""

from collections.abc import Callable, Iterator

import pytest

from tests.probe.vectors import GOOD, edges, hostile_cases, published, request_cases
from tests.probe.verdicts import ACCEPTED, Case, judge
from tests.shared.hostile import ES256

ENOUGH = 1000
HOSTILE = list(hostile_cases())


@pytest.mark.parametrize("typ", sorted(GOOD))
async def test_of_a_thousand_variants_only_the_token_itself_is_accepted(typ: str) -> None:
    cases = [(name, case) for name, case in HOSTILE if name.startswith(f"{typ} ")]
    accepted = [name for name, case in cases if await judge(ES256, case) == ACCEPTED]

    assert len(cases) > ENOUGH
    assert accepted == [f"{typ} good", f"{typ} malleated"]


@pytest.mark.parametrize("vectors", [published, edges, request_cases], ids=lambda vectors: str(vectors.__name__))
async def test_the_known_answers_are_given(vectors: Callable[[], Iterator[tuple[str, Case, str]]]) -> None:
    known = list(vectors())
    assert [(name, await judge(ES256, case)) for name, case, _ in known] == [
        (name, answer) for name, _, answer in known
    ]
