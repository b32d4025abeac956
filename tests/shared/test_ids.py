import re

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.ids import GroupId, id_maker, is_id, new_id

GROUP_ID: TypeAdapter[str] = TypeAdapter(GroupId)
NOW_MS = 1_469_922_850_259


def test_the_time_part_is_that_of_the_specification() -> None:
    """https://github.com/ulid/spec: 1469922850259 ms is 01ARZ3NDEK-TSV4… in the specification's example."""
    assert new_id("grp", NOW_MS, bytes(10)) == "grp_01ARZ3NDEK" + "0" * 16


def test_all_ones_is_the_largest_id() -> None:
    assert new_id("grp", 2**48 - 1, b"\xff" * 10) == "grp_7" + "Z" * 25


def test_a_made_id_is_accepted_where_its_kind_is_asked_for() -> None:
    assert GROUP_ID.validate_python(new_id("grp", NOW_MS, b"0123456789"))


def test_ids_sort_by_their_time_of_birth() -> None:
    ids = [new_id("grp", now_ms, random) for now_ms, random in ((1, b"\xff" * 10), (2, bytes(10)), (2**40, bytes(10)))]

    assert ids == sorted(ids)


@pytest.mark.parametrize("length", [0, 9, 11])
def test_too_little_or_too_much_entropy_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id("grp", NOW_MS, bytes(length))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "grp_",
        "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "grp_01ARZ3NDEKTSV4RRFFQ69G5FA",
        "grp_01ARZ3NDEKTSV4RRFFQ69G5FAVA",
        "grp_01arz3ndektsv4rrffq69g5fav",
        "grp_81ARZ3NDEKTSV4RRFFQ69G5FAV",
        "grp_01ARZ3NDEKTSV4RRFFQ69G5FAI",
        "grp_01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
        " grp_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "grp_\u06601ARZ3NDEKTSV4RRFFQ69G5FAV",
    ],
)
def test_anything_else_is_no_group_id(text: str) -> None:
    with pytest.raises(ValidationError):
        GROUP_ID.validate_python(text)
    assert not is_id("grp", text)


def test_a_maker_takes_time_and_entropy_at_each_call() -> None:
    times = iter([1, 2])
    make = id_maker(lambda: next(times), bytes)

    assert [make("run"), make("run")] == [new_id("run", 1, bytes(10)), new_id("run", 2, bytes(10))]
    assert re.fullmatch("run_[0-9A-Z]{26}", new_id("run", 3, bytes(10)))


def test_an_id_has_the_form_of_its_own_prefix() -> None:
    assert is_id("grp", new_id("grp", 1, bytes(10)))
    assert not is_id("usr", new_id("grp", 1, bytes(10)))
