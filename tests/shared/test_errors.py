import inspect
import re

import pytest

from shared import errors
from shared.errors import InternalError, ParleyError, Unavailable, error_of

CLASSES = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ParleyError)),
    key=lambda kind: kind.__name__,
)
ROWS = [kind for kind in CLASSES if kind is not ParleyError]


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in ROWS]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_code_is_the_name_of_its_class(kind: type[ParleyError]) -> None:
    assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_failure_comes_back_as_itself_from_another_part(kind: type[ParleyError]) -> None:
    back = error_of(kind.code, "because", 250)

    assert type(back) is kind
    assert (back.detail, back.retry_after_ms) == ("because", 250)


@pytest.mark.parametrize("code", ["", "nope", "ParleyError", "__class__"])
def test_an_unknown_code_is_our_fault(code: str) -> None:
    assert type(error_of(code, "?")) is InternalError


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_statuses_and_close_codes_are_in_their_ranges(kind: type[ParleyError]) -> None:
    assert 400 <= kind.status < 600
    assert kind.close_code is None or kind.close_code == 1009 or 4000 <= kind.close_code < 5000
    assert kind.title


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_a_close_code_says_the_same_as_temporary(kind: type[ParleyError]) -> None:
    """4000 to 4499 means: come back."""
    if kind.close_code is not None and kind.close_code >= 4000:
        assert kind.temporary == (kind.close_code < 4500)


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", inspect.getdoc(errors) or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in ROWS)


def test_the_reason_is_for_the_log_and_the_detail_for_the_caller() -> None:
    failure = Unavailable(reason="d1: no such table")

    assert failure.detail == Unavailable.title
    assert str(failure) == failure.reason == "d1: no such table"
