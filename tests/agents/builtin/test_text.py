"""Words lose their endings, not their meaning."""

import pytest

from agents.builtin.text import stem


@pytest.mark.parametrize(
    "words",
    [
        ("oven", "ovens", "oven’s", "oven's"),
        ("arrive", "arrives", "arrived", "arriving"),
        ("party", "parties"),
        ("ship", "ships", "shipped", "shipping"),
        ("decide", "decided", "decides"),
        ("bake", "baking", "bakes"),
        ("bill", "billed", "billing"),
    ],
)
def test_forms_of_a_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@pytest.mark.parametrize("word", ["glass", "bus", "is", "ring", "red", "café", "7", "menus"[:4]])
def test_what_is_no_ending_stays(word: str) -> None:
    assert stem(word) == word


def test_different_words_stay_different() -> None:
    assert stem("planing") != stem("plum")


@pytest.mark.parametrize("number", ["2200", "1911", "2211"])
def test_a_number_is_no_word_with_an_ending(number: str) -> None:
    assert stem(number) == number
