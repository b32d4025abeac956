import pytest

from app.ranges import NotSatisfiable, Slice, unchanged, wanted

TAG = '"abc"'
WHOLE = Slice(0, 100, whole=True)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Slice(0, 1)),
        ("bytes=0-99", Slice(0, 100)),
        ("bytes=10-19", Slice(10, 10)),
        ("bytes=90-", Slice(90, 10)),
        ("bytes=90-500", Slice(90, 10)),
        ("bytes=-10", Slice(90, 10)),
        ("bytes=-500", Slice(0, 100)),
        (" Bytes=10-19 ", Slice(10, 10)),
    ],
)
def test_one_range_gives_those_bytes(header: str, expected: Slice) -> None:
    assert wanted(header, None, TAG, 100) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-1",
        "bytes=0-1,5-6",
        "items=0-1",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=\u0661-\u0662",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_gives_the_whole(header: str | None) -> None:
    assert wanted(header, None, TAG, 100) == WHOLE


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=5000-", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(NotSatisfiable):
        wanted(header, None, TAG, 100)


@pytest.mark.parametrize(
    ("if_range", "partial"),
    [(TAG, True), ('"other"', False), ('W/"abc"', False), ("Tue, 24 Nov 2026 10:00:00 GMT", False), ("", False)],
)
def test_a_range_of_another_version_gives_the_whole(if_range: str, partial: bool) -> None:
    assert wanted("bytes=0-9", if_range, TAG, 100) == (Slice(0, 10) if partial else WHOLE)


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, False), (TAG, True), ('"x", W/"abc"', True), ("*", True), ('"x"', False), ("abc", False)],
)
def test_a_version_that_is_known_is_not_sent_again(header: str | None, expected: bool) -> None:
    assert unchanged(header, TAG) is expected
