import json

import pytest
from hypothesis import given
from hypothesis.strategies import dictionaries, integers, lists, text

from tools.chaos.frames import page_events, pieces

ODD = '{"b" : 1,"a":"\\u00e9 ]},{"}'


def test_a_piece_is_the_slice_that_came_not_a_new_writing_of_it() -> None:
    assert pieces(ODD) == [(ODD, {"b": 1, "a": "é ]},{"})]
    assert [piece for piece, _ in pieces(f"[ {ODD} ,{ODD}]")] == [ODD, ODD]
    assert pieces("[]") == []


def test_a_page_of_history_gives_its_events_as_they_were_written() -> None:
    assert page_events(f'{{"events":[{ODD},{ODD}],"more":false}}') == [ODD, ODD]
    assert page_events('{"events":[],"more":false}') == []


@pytest.mark.parametrize("bad", ["", "{", "[", "[{}", "[{},", "[1]", '["x"]', "null", "1"])
def test_what_is_not_an_object_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        pieces(bad)


@given(lists(dictionaries(text(), integers() | text())))
def test_any_array_comes_apart_into_what_it_was_made_of(objects: list[dict[str, int | str]]) -> None:
    texts = [json.dumps(value) for value in objects]
    assert pieces(f"[{','.join(texts)}]") == list(zip(texts, objects, strict=True))
