"""How much of a body is read, and what is said of one that is wrong all over."""

from collections.abc import AsyncIterator

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.frames import PROBLEMS_LIMIT, first_problem
from shared.http import BODY_LIMIT_BYTES
from tests.shared.test_http import JSON, WHO, Served, code

LIMIT = 64
"""Of the endpoint that is asked."""
NOTE = b'{"text":"hi"}'


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    async with made.client:
        yield made


async def pieces(size: int, taken: list[int]) -> AsyncIterator[bytes]:
    """A body without an announced length, a byte at a time."""
    for at in range(size):
        taken.append(at)
        yield (NOTE + b" " * size)[at : at + 1]


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 201), (LIMIT + 1, 413)])
async def test_a_body_may_be_as_long_as_the_limit_and_no_longer(served: Served, size: int, status: int) -> None:
    headers = {**WHO, **JSON}
    announced = await served.client.post("/notes/n1", content=NOTE.ljust(size), headers=headers)
    unannounced = await served.client.post("/notes/n1", content=pieces(size, []), headers=headers)
    assert (announced.status_code, unannounced.status_code) == (status, status)


async def test_what_announces_to_be_too_long_is_not_read_at_all(served: Served) -> None:
    taken: list[int] = []
    headers = {**WHO, **JSON, "Content-Length": str(LIMIT + 1)}
    answer = await served.client.post("/notes/n1", content=pieces(3, taken), headers=headers)
    assert (code(answer), taken) == ("too_large", [])


async def test_the_log_tells_how_long_a_body_said_it_is(served: Served) -> None:
    await served.write("hi")
    assert served.lines[-1]["bytes"] == len(NOTE)
    assert served.lines[-1]["link"] == "person"


def problem_of(members: int) -> str:
    with pytest.raises(ValidationError) as caught:
        Empty.model_validate({f"m{number}": 1 for number in range(members)})
    return first_problem(caught.value)


def test_of_a_few_problems_the_first_is_named_and_of_many_their_number() -> None:
    assert problem_of(PROBLEMS_LIMIT).startswith("m0: ")
    assert problem_of(PROBLEMS_LIMIT + 1) == "201 members are not what they should be"


def test_no_body_is_larger_than_a_small_part_of_a_heap() -> None:
    assert BODY_LIMIT_BYTES == 262_144
