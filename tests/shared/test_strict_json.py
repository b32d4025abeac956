import pytest

from shared.strict_json import strict_object


@pytest.mark.parametrize(
    "raw", ['{"a": 1, "b": [{"a": 1}]}', b'{"a": 1, "b": [{"a": 1}]}', '{"a": "\u00e9"}', "{}", " {} "]
)
def test_an_object_comes_back(raw: str | bytes) -> None:
    assert set(strict_object(raw)) <= {"a", "b"}


@pytest.mark.parametrize("raw", ["[]", "null", '"x"', "1", "true", "", "{", "{}x", "{'a': 1}", '{"a": 1,}'])
def test_what_is_no_object_is_refused(raw: str) -> None:
    for value in (raw, raw.encode()):
        with pytest.raises(ValueError, match=r"."):
            strict_object(value)


@pytest.mark.parametrize("raw", ['{"a": 1, "a": 1}', '{"b": {"a": 1, "a": 2}}', '{"b": [{"a": 1, "\\u0061": 2}]}'])
def test_a_member_twice_is_refused_on_every_level(raw: str) -> None:
    with pytest.raises(ValueError, match="duplicate"):
        strict_object(raw)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_as_a_number_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not JSON"):
        strict_object(f'{{"a": [{name}]}}')


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_bytes_are_utf_8(encoding: str) -> None:
    """`json.loads` would guess others from the first bytes."""
    with pytest.raises(ValueError, match=r"."):
        strict_object('{"a": 1}'.encode(encoding))
